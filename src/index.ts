/**
 * The alarms themselves: one actor or many, as operators or as handles; the port for managers, and one in memory.
 *
 * @module nolater
 */

export type { AlarmConfig, CommitInfo } from './actor/config.ts'
export type { DeliveryOutcome } from './actor/delivery/outcome.ts'
export type { Wakeup, WakeupInfo } from './actor/delivery/wakeup.ts'
export { keepAlarm } from './actor/keep-alarm.ts'
export { type Alarm, openAlarm } from './actor/open-alarm.ts'
export type { ActorFleet, FleetTransaction } from './fleet/actor-fleet.ts'
export type { ActorFleetOptions } from './fleet/actor-fleet-options.ts'
export type { Closable } from './fleet/closing/close-once.ts'
export type { FleetConfig, KeyedCommit } from './fleet/fleet-config.ts'
export type { Pressure } from './fleet/fleet-engine.ts'
export { type KeepAlarmsConfig, keepAlarms } from './fleet/keep-alarms.ts'
export { type Fleet, openFleet } from './fleet/open-fleet.ts'
export type { LoadedAlarm } from './fleet/resident.ts'
export type { LedgerManager } from './ledger/ledger-manager.ts'
export type { ManagerOptions } from './ledger/manager-options.ts'
export { type MemoryManager, memoryManager } from './ledger/memory-manager.ts'
export { type ClassifiedMove, classifyMoves } from './operators/classify-moves.ts'
export { conflateMap } from './operators/conflate-map.ts'
export { gate } from './operators/gate.ts'
export { latestWhen } from './operators/latest-when.ts'
export {
  type MaxPostponeOptions,
  maxPostpone,
  type Postponed,
  type PostponedIntent,
  postpone,
} from './timers/max-postpone.ts'
export { multiplexTimers, type NamedTimers, type TimersConfig } from './timers/multiplex-timers.ts'
export type { TimerInfo } from './timers/named-timers.ts'
export type { Timer } from './timers/timer.ts'
export type { Timers } from './timers/timers.ts'
export type { AlarmScope } from './vocabulary/alarm-scope.ts'
export type { Awaitable } from './vocabulary/awaitable.ts'
export { AlarmError, type AlarmErrorCode, AlarmFencedError } from './vocabulary/errors.ts'
export type { AlarmEvent, KeyedEvent } from './vocabulary/event.ts'
export {
  type AlarmIntent,
  deleteAlarm,
  type KeyedIntent,
  setAlarm,
  setAlarmIn,
  touchAlarm,
} from './vocabulary/intent.ts'
export type {
  AlarmList,
  LastError,
  ListedAlarm,
  ListedState,
  ListOptions,
  SearchOptions,
} from './vocabulary/listed-alarm.ts'
export type {
  AlarmDelivery,
  AlarmManager,
  DeliveryEvent,
  DeliveryOptions,
  EachResult,
  KeyedWrite,
  WriteInfo,
} from './vocabulary/manager.ts'
export type { Deliverer, DueSpan, ManagerStats, StatedLateness } from './vocabulary/manager-stats.ts'
export type { AlarmTime, Move } from './vocabulary/time.ts'
