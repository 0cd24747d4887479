import { asyncScheduler, type ObservableInput, type SchedulerLike } from 'rxjs'
import { checkNames, type Names } from '../vocabulary/check-names.ts'
import { configError } from '../vocabulary/error-of.ts'
import { checkEpoch } from '../vocabulary/fence.ts'
import { checkKey } from '../vocabulary/key.ts'
import type { WriteInfo } from '../vocabulary/manager.ts'
import { MAX_TIMER, timerMilliseconds } from '../vocabulary/milliseconds.ts'
import { type AlarmTime, checkAlarmTime } from '../vocabulary/time.ts'

/** What comes with a commit: whose alarm it is, and the epoch that it was opened under. */
export interface CommitInfo {
  readonly key: string
  readonly epoch: number
}

/** How alarms reach their store and their manager: what many actors may share. */
export interface SharedConfig {
  /**
   * Makes an alarm durable together with the state that it belongs to. Completion means durable. Where an actor can be opened again while
   * a commit of its is under way, one whose epoch is not the last one opened must change nothing and fail (`AlarmFencedError`).
   */
  commit(time: AlarmTime, info: CommitInfo): ObservableInput<unknown>
  /** Tells the manager. Completion means that it has the alarm. */
  write(time: AlarmTime, info: WriteInfo): ObservableInput<unknown>
  /**
   * Raises the epoch of this opening durably to `epoch` or above, and emits what it is then. The next opening must be above it. One whose
   * epoch (`info.epoch`, also that of its commits from here on) is not the last one opened must change nothing and fail
   * (`AlarmFencedError`).
   *
   * Called at most once per opening where the manager holds a higher fence than this store can have given out, because the store was restored
   * or begun again: without it such an opening breaks with `ALARM_FENCED`. And once in 4 million manager writes, which is what an epoch has
   * fences for: without it the opening that has used them breaks with `ALARM_FENCE_EXHAUSTED`, and is opened again.
   */
  raise?(epoch: number, info: CommitInfo): ObservableInput<number>
  /** write `initial` once when opened, because the manager may have lost it; default true */
  readonly reconcile?: boolean
  /** of later moves that fail: `count` retries, default 4; `delay` ms after the attempt given, default 1 s, doubling, a minute at most */
  readonly retry?: { readonly count?: number; readonly delay?: (attempt: number) => number }
  /**
   * ms that `write`, `commit`, `raise` and a fleet's `load` have to answer, each call; default: no limit. What has not answered is unsubscribed,
   * and fails with `ALARM_TIMEOUT`: a later write is tried again, an earlier one breaks the alarm (`ALARM_PRECOMMIT_FAILED`), so does a commit
   * (`ALARM_COMMIT_FAILED`), and a load fails (`ALARM_LOAD_FAILED`). Measured on the scheduler, as a duration.
   *
   * Gotcha: what was given up may still land. A commit may be durable: opening the alarm again reads it. A write may reach the manager after a
   * newer one, and is refused by its fence: with a manager that does not compare fences, give no limit.
   */
  readonly timeout?: number
  /** the clock, and the timers of the retries; default asyncScheduler */
  readonly scheduler?: SchedulerLike
}

/** How one actor's alarm reaches its store and its manager. */
export interface AlarmConfig extends SharedConfig {
  /** the actor, as the manager knows it; default `''` */
  readonly key?: string
  /** what the store holds now; default `null` */
  readonly initial?: AlarmTime
  /** raised durably by the store at each opening; default 0 */
  readonly epoch?: number
}

export const clockOf = (config: SharedConfig): SchedulerLike => config.scheduler ?? asyncScheduler

export const retriesOf = (config: SharedConfig): number => config.retry?.count ?? 4

const MINUTE = 60_000

/** How long a later write rests after its nth attempt failed, ms. A delay that is no number is refused. */
export function restOf(config: SharedConfig, attempt: number): number {
  const delay = config.retry?.delay?.(attempt) ?? Math.min(1000 * 2 ** (attempt - 1), MINUTE)
  if (typeof delay !== 'number' || !(delay >= 0)) {
    throw configError('What retry.delay returns', 'a number of milliseconds, 0 or more', delay)
  }
  return Math.min(delay, MAX_TIMER)
}

const retryNames: Names<NonNullable<SharedConfig['retry']>> = { count: true, delay: true }

export const sharedNames: Names<SharedConfig> = {
  commit: true,
  write: true,
  raise: true,
  reconcile: true,
  retry: true,
  timeout: true,
  scheduler: true,
}

const alarmNames: Names<AlarmConfig> = { ...sharedNames, key: true, initial: true, epoch: true }

/** Refuses a config of an alarm that cannot work, names that it does not have included. */
export function checkAlarmConfig(config: AlarmConfig): void {
  checkConfig(config)
  checkNames('The config of an alarm', config, alarmNames)
}

/** Refuses a config that cannot work (`ALARM_CONFIG_INVALID`, `ALARM_TIME_INVALID`, `ALARM_KEY_INVALID`). */
export function checkConfig(config: AlarmConfig): void {
  if (typeof config !== 'object' || config === null) {
    throw configError('The config', 'an object with commit and write', config)
  }
  for (const name of ['commit', 'write'] as const) {
    if (typeof config[name] !== 'function') {
      throw configError(name, 'a function that returns an Observable, a promise or an iterable', config[name])
    }
  }
  const { key, initial, epoch, raise, reconcile, retry, timeout, scheduler } = config
  if (raise !== undefined && typeof raise !== 'function') {
    throw configError('raise', 'a function from the least epoch to the one that is durable', raise)
  }
  if (timeout !== undefined) timerMilliseconds('timeout', timeout)
  if (key !== undefined) checkKey(key)
  if (initial !== undefined) checkAlarmTime(initial)
  if (epoch !== undefined) checkEpoch(epoch)
  if (reconcile !== undefined && typeof reconcile !== 'boolean') {
    throw configError('reconcile', 'true or false', reconcile)
  }
  if (retry !== undefined && (typeof retry !== 'object' || retry === null)) {
    throw configError('retry', 'an object with count and delay', retry)
  }
  checkNames('retry', retry, retryNames)
  if (
    retry?.count !== undefined &&
    (!Number.isInteger(retry.count) || retry.count < 0) &&
    retry.count !== Infinity
  ) {
    throw configError('retry.count', 'a whole number, 0 or more, or Infinity', retry.count)
  }
  if (retry?.delay !== undefined && typeof retry.delay !== 'function') {
    throw configError('retry.delay', 'a function from the attempt to milliseconds', retry.delay)
  }
  if (
    scheduler !== undefined &&
    (typeof scheduler?.now !== 'function' || typeof scheduler.schedule !== 'function')
  ) {
    throw configError('scheduler', 'an RxJS scheduler', scheduler)
  }
}
