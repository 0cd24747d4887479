/**
 * The alarms themselves: one actor or many, as operators or as handles; the port for managers, and one in memory.
 *
 * @module nolater
 */
export type { Awaitable } from './awaitable.ts'
export type { Closable } from './closing/close-once.ts'
export type { AlarmConfig, CommitInfo } from './config.ts'
export type { DeliveryOutcome, Wakeup, WakeupInfo } from './delivery.ts'
export {
  AlarmClosedError,
  AlarmCloseError,
  AlarmCommitError,
  AlarmConfigError,
  AlarmError,
  type AlarmErrorCode,
  AlarmFencedError,
  AlarmInternalError,
  AlarmLoadError,
  AlarmLoadingError,
  AlarmPrecommitError,
  AlarmTimeError,
  AlarmTimeoutError,
  AlarmWriteError,
} from './errors.ts'
export type { AlarmEvent, KeyedEvent } from './event.ts'
export type { FleetConfig, KeyedCommit } from './fleet/fleet-config.ts'
export type { Pressure } from './fleet/fleet-engine.ts'
export type { LoadedAlarm } from './fleet/resident.ts'
export {
  type AlarmIntent,
  deleteAlarm,
  type KeyedIntent,
  setAlarm,
  setAlarmIn,
  touchAlarm,
} from './intent.ts'
export { keepAlarm } from './keep-alarm.ts'
export { type KeepAlarmsConfig, keepAlarms } from './keep-alarms.ts'
export type { LedgerManager } from './ledger/ledger-manager.ts'
export type { ManagerOptions } from './ledger/manager-options.ts'
export type {
  AlarmDelivery,
  AlarmList,
  AlarmManager,
  DeliveryEvent,
  DeliveryOptions,
  EachResult,
  KeyedWrite,
  LastError,
  ListedAlarm,
  ListedState,
  ListOptions,
  WriteInfo,
} from './manager.ts'
export {
  type MaxPostponeOptions,
  maxPostpone,
  type Postponed,
  type PostponedIntent,
  postpone,
} from './max-postpone.ts'
export { type MemoryManager, memoryManager } from './memory/memory-manager.ts'
export { multiplexTimers, type NamedTimers, type TimerInfo, type TimersConfig } from './multiplex-timers.ts'
export { type Alarm, openAlarm } from './open-alarm.ts'
export { type Fleet, openFleet } from './open-fleet.ts'
export { type ClassifiedMove, classifyMoves } from './operators/classify-moves.ts'
export { conflateMap } from './operators/conflate-map.ts'
export { gate } from './operators/gate.ts'
export { latestWhen } from './operators/latest-when.ts'
export type { AlarmTime, Move } from './time.ts'
export type { Timer, Timers } from './timers/timers.ts'
