import type { ObservableInput, SchedulerLike } from 'rxjs'
import type { DeliveryOutcome } from '../actor/delivery/outcome.ts'
import type { Wakeup } from '../actor/delivery/wakeup.ts'
import type { Awaitable } from '../vocabulary/awaitable.ts'
import { type Confirmation, checkNames, type Names } from '../vocabulary/check-names.ts'
import { configError } from '../vocabulary/error-of.ts'
import { checkKey } from '../vocabulary/key.ts'
import type { TimeCheck } from '../vocabulary/real-time.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import { timeIn } from '../vocabulary/time-in.ts'
import { type StoredTimer, storedTimer } from './listed-timer.ts'
import { namedTimers, type TimerInfo, type TimerParts } from './named-timers.ts'
import { checkPlan, type EveryOptions } from './series/check-plan.ts'
import type { SeriesPlan } from './series/series.ts'
import { firstOfSeries, isInSeries, resumed, rowRules } from './series/series-rules.ts'
import type { TimesOf } from './series/series-times.ts'
import { isSetTo, newTimer, type TimerRow } from './timer.ts'
import type { TimerRows } from './timer-rows.ts'

/** What the handler of a timer of a store is given. */
export interface StoredTimerInfo<P = unknown> extends TimerInfo {
  /** a copy of what it was set with */
  readonly payload: P
}

/** What goes with a timer. */
export interface TimerOptions {
  /** what its handler is given: what structuredClone accepts */
  readonly payload?: unknown
  /** It does not close the output gate. */
  readonly allowUnconfirmed?: boolean
}

/** Which timers to list, and in which order. */
export interface TimerListOptions {
  /** only those whose names begin so */
  readonly prefix?: string
  /** only those that have failed for good, or are paused */
  readonly state?: 'failed' | 'paused'
  /** by name (the default), or by when they are due; those that have failed or are paused are in no order of time */
  readonly by?: 'name' | 'time'
  /** at most so many; default all */
  readonly limit?: number
  /** only those that come after this one, which was listed before */
  readonly after?: Pick<StoredTimer, 'name' | 'id' | 'due'>
}

/** Rows that can be listed. */
export interface ListedRows extends TimerRows {
  list(options: TimerListOptions): readonly TimerRow[]
}

type Handler<P> = (timer: StoredTimerInfo<P>) => ObservableInput<unknown>

/** Named timers of one actor, by the thousand: each is a row beside its state, and the earliest of them is its alarm, in one commit. */
export interface StoredTimers {
  /** What the timer is set to; `null` if it is not, has failed or is paused, and while its handler runs. */
  get(name: string): AlarmTime
  /** All of a timer; `null` if there is none. */
  read<P = unknown>(name: string): StoredTimer<P> | null
  /** Those that there are, failed ones too. */
  list<P = unknown>(options?: TimerListOptions): readonly StoredTimer<P>[]

  /**
   * Sets the timer, in place of the one of that name: ms since the epoch or a Date; in the past means at once.
   *
   * Throws `ALARM_KEY_INVALID`, `ALARM_TIME_INVALID` and `ALARM_VALUE_INVALID` before anything has changed, or what broke the alarm.
   */
  set(name: string, time: number | Date, options?: TimerOptions): void
  /** Sets the timer to `ms` milliseconds from now. Throws as `set`. */
  setIn(name: string, ms: number, options?: TimerOptions): void
  /** Whether there was such a timer. */
  delete(name: string, options?: { allowUnconfirmed?: boolean }): boolean
  /** Deletes those whose names begin so, all by default; how many there were. */
  deleteAll(prefix?: string, options?: { allowUnconfirmed?: boolean }): number

  /**
   * Has a timer come again and again: by a cron expression, or so many ms apart. The same once more, as at each start of a process, changes
   * nothing; another plan takes its place, from now on. A time whose handler has no retry left is in the `history`, and the next one comes.
   *
   * Throws `ALARM_CONFIG_INVALID` for a plan that has no time to come, and where croner is not installed.
   *
   * ```ts
   * store.timers.every('report', { cron: '0 9 * * mon-fri', timeZone: 'Europe/Berlin' })
   * ```
   */
  every(name: string, options: EveryOptions): void
  /** The next times of one that comes again, by its plan. */
  upcoming(name: string, count: number): readonly number[]
  /** Has it come no more until it is resumed; a handler at work goes on. Whether there was one that comes again and was not paused. */
  pause(name: string): boolean
  /** From its next time on: what came due meanwhile is not caught up with. Whether it was paused. */
  resume(name: string): boolean

  /** Handles a failed timer again, at once and with all its retries. Whether there was one. */
  retry(name: string): boolean
  /** Removes a failed timer. Whether there was one. */
  discard(name: string): boolean

  /**
   * Handles a wake-up in place of `alarm.deliver`: runs the handler for all timers that are due, one at a time, in the order of their
   * times; then sets the alarm to the next one.
   *
   * A timer whose handler succeeds is removed, or goes on to its next time, unless it was set again. One whose handler fails is handled again after a
   * back-off of its own, while the others go on; with `counted: false` and `retry: false` on the error as for a manager. After six retries that
   * count, `abandon` is called instead, until it succeeds; without one the timer is kept as failed. What a synchronous handler changes is in one
   * commit with the end of its timer, so that it is done exactly once.
   */
  deliver<P = unknown>(
    wakeup: Wakeup,
    handler: Handler<P>,
    options?: { readonly abandon?: Handler<P> },
  ): Awaitable<DeliveryOutcome>
  /** Likewise, with one call of the handler for all that are due: they are done together, in one commit, or each is tried again. */
  deliverBatch<P = unknown>(
    wakeup: Wakeup,
    handler: (timers: readonly StoredTimerInfo<P>[]) => ObservableInput<unknown>,
    options?: { readonly abandon?: Handler<P> },
  ): Awaitable<DeliveryOutcome>
}

/** What they are made of. */
interface StoredParts {
  readonly alarm: TimerParts<StoredTimerInfo>['alarm']
  readonly rows: ListedRows
  readonly timesOf: TimesOf
  readonly scheduler: SchedulerLike
  readonly checkTime: TimeCheck
}

export function storedTimers({ alarm, rows, timesOf, scheduler, checkTime }: StoredParts): StoredTimers {
  const rules = rowRules(timesOf)
  const engine = namedTimers<StoredTimerInfo>({
    alarm,
    rows,
    rules,
    more: ({ payload }) => ({ payload }),
    scheduler,
  })
  const now = (): number => Math.ceil(scheduler.now())
  const nextSerial = (): number => rows.sets() + 1

  function put(timer: TimerRow, options?: Confirmation): void {
    engine.change(() => rows.put(timer, options), options)
  }

  function set(name: string, at: number, options: TimerOptions = {}): void {
    checkNames('What goes with a timer', options, timerNames)
    const standing = rows.find(checkKey(name))
    const asked = confirmationOf(options)
    const isPlain = options.payload === undefined && standing?.payload === undefined
    const isSame = standing !== undefined && isPlain && !isInSeries(standing) && isSetTo(standing, at)
    if (isSame && !engine.isBegun(standing)) engine.confirm(asked)
    else put({ ...newTimer(name, at, nextSerial()), payload: options.payload }, asked)
    engine.renew(at, asked)
  }

  /** Changes a timer of which that is so; whether there was one. */
  function changeIf(
    name: string,
    isSo: (timer: TimerRow) => boolean,
    change: (timer: TimerRow) => TimerRow | null,
  ): boolean {
    const standing = rows.find(checkKey(name))
    if (standing === undefined || !isSo(standing)) return false
    const changed = change(standing)
    if (changed === null) engine.change(() => rows.remove(name))
    else put(changed)
    return true
  }

  const isFailed = (timer: TimerRow): boolean => storedTimer(timer).state === 'failed'
  const isPaused = (timer: TimerRow): boolean => timer.series?.paused === true

  return {
    get(name) {
      const timer = rows.find(checkKey(name))
      return timer === undefined || timer.due === null || engine.isRunning(timer) ? null : timer.time
    },
    read<P>(name: string) {
      const timer = rows.find(checkKey(name))
      return timer === undefined ? null : storedTimer<P>(timer)
    },
    list<P>(options: TimerListOptions = {}) {
      checkNames('list', options, listNames)
      const { prefix = '', limit = Number.MAX_SAFE_INTEGER } = options
      checkKey(prefix)
      if (!(Number.isSafeInteger(limit) && limit >= 0)) {
        throw configError('limit', 'a whole number of timers, 0 or more', limit)
      }
      return rows.list({ ...options, prefix, limit }).map((row) => storedTimer<P>(row))
    },
    set: (name, time, options) => set(name, checkTime(time), options),
    setIn: (name, ms, options) => set(name, timeIn(ms, scheduler.now()), options),
    delete(name, options) {
      checkNames('delete', options, { allowUnconfirmed: true })
      if (rows.find(checkKey(name)) === undefined) return false
      engine.change(() => rows.remove(name, options), options)
      return true
    },
    deleteAll(prefix = '', options) {
      checkNames('deleteAll', options, { allowUnconfirmed: true })
      const all = rows.list({ prefix: checkKey(prefix), limit: Number.MAX_SAFE_INTEGER })
      if (all.length === 0) return 0
      engine.change(() => {
        for (const { name } of all) rows.remove(name, options)
      }, options)
      return all.length
    },
    every(name, options) {
      const plan = checkPlan(options)
      const standing = rows.find(checkKey(name))
      const asked = confirmationOf(options)
      const { payload } = options
      if (standing !== undefined && isInSeries(standing) && isSamePlan(standing.series.plan, plan)) {
        if (payload === undefined && standing.payload === undefined) engine.confirm(asked)
        else put({ ...standing, payload }, asked)
        return
      }
      const first = firstOfSeries(name, nextSerial(), plan, now(), timesOf)
      if (first === null) throw configError('every', 'a plan with a time to come', options)
      put({ ...first, payload }, asked)
    },
    upcoming(name, count) {
      const timer = rows.find(checkKey(name))
      if (!Number.isSafeInteger(count) || count < 0) {
        throw configError('count', 'a whole number of times, 0 or more', count)
      }
      if (timer === undefined || !isInSeries(timer)) return []
      const times = timesOf(timer.series)
      const all: number[] = []
      for (let at = times.after(now()); at !== null && all.length < count; at = times.after(at)) all.push(at)
      return all
    },
    pause: (name) =>
      changeIf(
        name,
        (timer) => isInSeries(timer) && !isPaused(timer),
        (timer) =>
          isInSeries(timer) ? { ...timer, due: null, series: { ...timer.series, paused: true } } : timer,
      ),
    resume: (name) => changeIf(name, isPaused, (timer) => resumedNow(timer)),
    retry: (name) =>
      changeIf(name, isFailed, (timer) => ({
        ...timer,
        ...newTimer(name, timer.time, timer.serial),
        due: Math.max(timer.time, now()),
      })),
    discard: (name) => changeIf(name, isFailed, () => null),
    deliver: (wakeup, handler, options) =>
      engine.deliver(wakeup, handler as Handler<unknown>, abandonOf(options) as Handler<unknown> | undefined),
    deliverBatch: (wakeup, handler, options) =>
      engine.deliverBatch(
        wakeup,
        handler as (timers: readonly StoredTimerInfo[]) => ObservableInput<unknown>,
        abandonOf(options) as Handler<unknown> | undefined,
      ),
  }

  /** Its handler may be at work still: then it goes on from there. */
  function resumedNow(timer: TimerRow): TimerRow | null {
    if (!isInSeries(timer) || !engine.isRunning(timer)) return resumed(timer, now(), timesOf)
    return { ...timer, due: timer.time, series: { ...timer.series, paused: false } }
  }
}

function confirmationOf({ allowUnconfirmed }: TimerOptions): Confirmation | undefined {
  return allowUnconfirmed === undefined ? undefined : { allowUnconfirmed }
}

function abandonOf<H>(options: { readonly abandon?: H } = {}): H | undefined {
  checkNames('deliver', options, { abandon: true })
  return options.abandon
}

const isSamePlan = (a: SeriesPlan, b: SeriesPlan): boolean => JSON.stringify(a) === JSON.stringify(b)

const timerNames: Names<TimerOptions> = { payload: true, allowUnconfirmed: true }
const listNames: Names<TimerListOptions> = { prefix: true, state: true, by: true, limit: true, after: true }
