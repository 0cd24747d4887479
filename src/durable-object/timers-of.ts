import { delayOf } from '../ledger/redelivery.ts'
import type { StoredTimer } from '../timers/listed-timer.ts'
import type { EveryOptions } from '../timers/series/check-plan.ts'
import { rowRules } from '../timers/series/series-rules.ts'
import { type CronReader, timesBy } from '../timers/series/series-times.ts'
import type { TimerListOptions, TimerOptions } from '../timers/timer-options.ts'
import { type TimerKeeper, timerVerbs } from '../timers/timer-verbs.ts'
import { checkNames, type Names } from '../vocabulary/check-names.ts'
import { AlarmError } from '../vocabulary/errors.ts'
import { checkRealTime } from '../vocabulary/hardly-meant.ts'
import { checkMilliseconds } from '../vocabulary/milliseconds.ts'
import { type AlarmTime, checkTime } from '../vocabulary/time.ts'
import { handleDue, type ObjectHandler, type ObjectRun } from './handle-due.ts'
import { objectAlarm } from './object-alarm.ts'
import { objectRows } from './object-rows.ts'
import type { ObjectStorage } from './object-storage.ts'

/** What timers of an object may need beside its storage. */
export interface ObjectTimersOptions {
  /** what reads cron expressions: `cronWith(Cron)` */
  readonly cron?: CronReader
  /** ms after which a delivery begins no further handler; the rest is for the next alarm, which comes at once. Default 30 s */
  readonly budget?: number
  /** the clock, ms since the epoch; default Date.now */
  readonly now?: () => number
}

/** What `alarm()` is given. */
export interface ObjectWakeup {
  readonly retryCount?: number
  readonly scheduledTime?: number | Date
}

/** A time, or a delay from now in ms. */
export type TimerTime = number | Date | { readonly in: number }

/** Named timers of a Durable Object, by the thousand: each is a row beside its state, and the earliest of them is its alarm, in one commit. */
export interface ObjectTimers {
  /** What the timer is set to; `null` if it is not, has failed or is paused, and while its handler runs. */
  get(name: string): AlarmTime
  /** All of a timer; `null` if there is none. */
  read<P = unknown>(name: string): StoredTimer<P> | null
  /** Those that there are, failed ones too. */
  list<P = unknown>(options?: TimerListOptions): readonly StoredTimer<P>[]

  /**
   * Sets the timer, in place of the one of that name: ms since the epoch, a Date, or `{ in: ms }` from now; in the past means at once. It is in the same
   * implicit transaction as what else is written in this turn. A payload is JSON.
   *
   * Throws `ALARM_KEY_INVALID`, `ALARM_TIME_INVALID` and `ALARM_VALUE_INVALID` before anything has changed, or what the storage throws.
   */
  set(name: string, time: TimerTime, options?: TimerOptions): void
  /** Sets the timer to `ms` milliseconds from now. Throws as `set`. */
  setIn(name: string, ms: number, options?: TimerOptions): void
  /** Whether there was such a timer. */
  delete(name: string, options?: { allowUnconfirmed?: boolean }): boolean
  /** Deletes those whose names begin so, all by default; how many there were. */
  deleteAll(prefix?: string, options?: { allowUnconfirmed?: boolean }): number

  /**
   * Has a timer come again and again: by a cron expression, or so many ms apart. The same once more, as in each constructor, changes nothing; another
   * plan takes its place, from now on.
   *
   * Throws `ALARM_CONFIG_INVALID` for a plan that has no time to come, and for `cron` where the timers have no `cron` to read it with.
   */
  every(name: string, options: EveryOptions): void
  /** The next times of one that comes again, by its plan. */
  upcoming(name: string, count: number): readonly number[]
  /** Has it come no more until it is resumed. Whether there was one that comes again and was not paused. */
  pause(name: string): boolean
  /** From its next time on: what came due meanwhile is not caught up with. Whether it was paused. */
  resume(name: string): boolean

  /** Handles a failed timer again, at once and with all its retries. Whether there was one. */
  retry(name: string): boolean
  /** Removes a failed timer. Whether there was one. */
  discard(name: string): boolean

  /**
   * Handles the alarm: runs the handler for all timers that are due, one at a time, in the order of their times; then sets the alarm to the next one.
   * Return it from `alarm()`.
   *
   * A timer whose handler succeeds is removed, or goes on to its next time, unless it was set again. One whose handler fails is handled again after a
   * back-off of its own, 2 s and doubling, while the others go on; the platform's errors that are `retryable` do not count. After six retries that count,
   * `abandon` is called instead, until it succeeds; without one the timer is kept as failed. It does not reject: where the timers cannot be read or
   * written the alarm is set again, as `alarm()` has six tries only.
   */
  deliver<P = unknown>(
    wakeup: ObjectWakeup | undefined,
    handler: ObjectHandler<P>,
    options?: { readonly abandon?: ObjectHandler<P> },
  ): Promise<void>
}

const BUDGET = 30_000 // the processor time of an invocation, by default

/**
 * The named timers of a Durable Object with SQLite storage, on its one alarm. Once for each object, as a field of its class.
 *
 * A timer and the alarm for it are written in the same turn, with nothing awaited between them, so that they are in one commit with what else the turn
 * writes. From here on only the timers set the alarm. It is compared with the earliest timer whenever the object is opened.
 *
 * Gotcha: what a handler has written before it throws, stays.
 *
 * Throws `ALARM_CONFIG_INVALID`.
 *
 * ```ts
 * class Room extends DurableObject {
 *   timers = timersOf(this.ctx.storage)
 *
 *   join() {
 *     this.timers.set('idle', { in: 60_000 })
 *   }
 *
 *   alarm(info: ObjectWakeup) {
 *     return this.timers.deliver(info, ({ name }) => ring(name))
 *   }
 * }
 * ```
 */
export function timersOf(storage: ObjectStorage, options: ObjectTimersOptions = {}): ObjectTimers {
  checkNames('timersOf', options, optionNames)
  const { cron = noCron, now: clock = Date.now, budget = BUDGET } = options
  checkMilliseconds('budget', budget)
  const now = (): number => Math.ceil(clock())
  const rows = objectRows(storage.sql)
  const alarm = objectAlarm(storage, rows, now)
  const timesOf = timesBy(cron)
  const rules = rowRules(timesOf)
  let run: (ObjectRun & { readonly over: Promise<void> }) | null = null
  let broken = 0 // deliveries in a row whose timers could not be read or written
  let foundSets: number | null = null // those before may have been handled before

  const found = (): number => {
    foundSets ??= rows.sets()
    return foundSets
  }
  /** While timers are handled the alarm that is delivered stands: only its success deletes it. Afterwards it is put right. */
  const put = (options?: { allowUnconfirmed?: boolean }): void => {
    if (run === null) void alarm.arm(options).catch(() => {}) // the object is broken then, and its gate stays closed
  }

  const keeper: TimerKeeper = {
    isRunning: ({ serial }) => run?.timer?.serial === serial,
    isBegun: ({ serial, due }) =>
      run?.timer?.serial === serial || (serial <= found() && due !== null && due <= now()),
    change: (work, options) =>
      storage.transactionSync(() => {
        found()
        const result = work()
        put(options)
        return result
      }),
    confirm: put,
    renew() {},
  }

  async function handle(handling: ObjectRun, { retryCount = 0, scheduledTime }: ObjectWakeup): Promise<void> {
    try {
      if (scheduledTime !== undefined) alarm.delivered(Number(scheduledTime))
      // What was cut off before is tried again without end, as a new alarm has all its tries.
      if (retryCount > 0) await alarm.rest(delayOf('', { counted: retryCount, uncounted: 0 }))
      await handleDue(handling, { rows, rules, now, budget, commit: () => storage.sync() })
      if (handling.isOver) return
      run = null
      await alarm.arm()
      broken = 0
    } catch (error) {
      if (handling.isOver) return
      run = null
      console.error('Timers could not be read or written; they are tried again.', error)
      await alarm.rest(delayOf('', { counted: ++broken, uncounted: 0 }))
    }
  }

  const verbs = timerVerbs({
    keeper,
    rows,
    timesOf,
    clock,
    checkTime: (time) => (options.now === undefined ? checkRealTime(time, clock()) : checkTime(time)),
  })
  alarm.compare(() => run === null)

  return {
    ...verbs,
    set(name, time, options) {
      if (isDelay(time)) verbs.setIn(name, time.in, options)
      else verbs.set(name, time, options)
    },
    deliver(wakeup, handler, options) {
      if (run !== null && !((wakeup?.retryCount as number) > 0)) return run.over
      // The platform delivers one at a time: it has cut the one before off, as it took a quarter of an hour.
      if (run !== null) run.isOver = true
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      run = {
        handler: handler as ObjectHandler,
        abandon: options?.abandon as ObjectHandler | undefined,
        cutOff: run?.timer ?? null,
        timer: null,
        isOver: false,
        over: promise,
      }
      handle(run, wakeup ?? {}).then(resolve, reject)
      return promise
    },
  }
}

function isDelay(time: TimerTime): time is { readonly in: number } {
  return typeof time === 'object' && time !== null && 'in' in time
}

function noCron(): never {
  throw new AlarmError(
    'ALARM_CONFIG_INVALID',
    'A timer with a cron expression needs croner 11 or later: timersOf(storage, { cron: cronWith(Cron) }).',
  )
}

const optionNames: Names<ObjectTimersOptions> = { cron: true, budget: true, now: true }
