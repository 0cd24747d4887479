export type { AlarmConfig, CommitInfo } from './config.ts'
export type { DeliveryOutcome, Wakeup, WakeupInfo } from './delivery.ts'
export {
  AlarmClosedError,
  AlarmCommitError,
  AlarmConfigError,
  AlarmError,
  type AlarmErrorCode,
  AlarmFencedError,
  AlarmPrecommitError,
  AlarmTimeError,
  AlarmWriteError,
} from './errors.ts'
export type { AlarmEvent } from './event.ts'
export { type AlarmIntent, deleteAlarm, setAlarm } from './intent.ts'
export { keepAlarm } from './keep-alarm.ts'
export type { LedgerManager } from './ledger/ledger-manager.ts'
export type { ManagerOptions } from './ledger/manager-options.ts'
export type { AlarmDelivery, AlarmManager, DeliveryEvent, DeliveryOptions, WriteInfo } from './manager.ts'
export { type MemoryManager, memoryManager } from './memory/memory-manager.ts'
export { type Alarm, openAlarm } from './open-alarm.ts'
export { type ClassifiedMove, classifyMoves } from './operators/classify-moves.ts'
export { conflateMap } from './operators/conflate-map.ts'
export { gate } from './operators/gate.ts'
export { latestWhen } from './operators/latest-when.ts'
export type { AlarmTime, Move } from './time.ts'
