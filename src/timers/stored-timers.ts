import type { ObservableInput, SchedulerLike } from 'rxjs'
import type { DeliveryOutcome } from '../actor/delivery/outcome.ts'
import type { Wakeup } from '../actor/delivery/wakeup.ts'
import type { Awaitable } from '../vocabulary/awaitable.ts'
import { checkNames } from '../vocabulary/check-names.ts'
import type { TimeCheck } from '../vocabulary/real-time.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import type { StoredTimer } from './listed-timer.ts'
import { namedTimers, type TimerInfo, type TimerParts } from './named-timers.ts'
import type { EveryOptions } from './series/check-plan.ts'
import { rowRules } from './series/series-rules.ts'
import type { TimesOf } from './series/series-times.ts'
import type { ListedRows, TimerListOptions, TimerOptions } from './timer-options.ts'
import { timerVerbs } from './timer-verbs.ts'

export type { ListedRows, TimerListOptions, TimerOptions } from './timer-options.ts'

/** What the handler of a timer of a store is given. */
export interface StoredTimerInfo<P = unknown> extends TimerInfo {
  /** a copy of what it was set with */
  readonly payload: P
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

  return {
    ...timerVerbs({ keeper: engine, rows, timesOf, clock: () => scheduler.now(), checkTime }),
    deliver: (wakeup, handler, options) =>
      engine.deliver(wakeup, handler as Handler<unknown>, abandonOf(options) as Handler<unknown> | undefined),
    deliverBatch: (wakeup, handler, options) =>
      engine.deliverBatch(
        wakeup,
        handler as (timers: readonly StoredTimerInfo[]) => ObservableInput<unknown>,
        abandonOf(options) as Handler<unknown> | undefined,
      ),
  }
}

function abandonOf<H>(options: { readonly abandon?: H } = {}): H | undefined {
  checkNames('deliver', options, { abandon: true })
  return options.abandon
}
