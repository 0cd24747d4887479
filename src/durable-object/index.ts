/**
 * Timers of a Durable Object, on its own alarm. Without RxJS.
 *
 * @module nolater/durable-object
 */

export type { StoredTimer } from '../timers/listed-timer.ts'
export type { EveryOptions } from '../timers/series/check-plan.ts'
export type { Occurrence, SeriesPlan } from '../timers/series/series.ts'
export type { CronReader } from '../timers/series/series-times.ts'
export type { StoredTimerInfo } from '../timers/stored-timers.ts'
export type { TimerListOptions, TimerOptions } from '../timers/timer-options.ts'
export { cronWith } from './cron-with.ts'
export type { ObjectHandler } from './handle-due.ts'
export type { ObjectSql, ObjectStorage } from './object-storage.ts'
export {
  type ObjectTimers,
  type ObjectTimersOptions,
  type ObjectWakeup,
  type TimerTime,
  timersOf,
} from './timers-of.ts'
