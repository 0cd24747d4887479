import { asyncScheduler, EMPTY, type ObservableInput, type SchedulerLike } from 'rxjs'
import type { DeliveryOutcome } from '../actor/delivery/outcome.ts'
import type { Wakeup } from '../actor/delivery/wakeup.ts'
import type { Alarm } from '../actor/open-alarm.ts'
import type { Awaitable } from '../vocabulary/awaitable.ts'
import { checkConfirmation, checkNames, type Names } from '../vocabulary/check-names.ts'
import { configError } from '../vocabulary/error-of.ts'
import { checkKey } from '../vocabulary/key.ts'
import { timeCheckFor } from '../vocabulary/real-time.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import { timeIn } from '../vocabulary/time-in.ts'
import { namedTimers, type TimerInfo } from './named-timers.ts'
import { isSetTo, newTimer } from './timer.ts'
import { onceRules } from './timer-rules.ts'
import type { Timers } from './timers.ts'
import { valueRows } from './value-rows.ts'

/** Where the timers of one actor are kept, and the alarm that wakes it for them. */
export interface TimersConfig {
  /** the actor's one alarm, of `openAlarm` or of a store; from here on only the timers set it */
  readonly alarm: Pick<Alarm, 'time' | 'set' | 'delete' | 'touch' | 'deliver'>
  /** The actor's state says what timers there are; `undefined` or `null` for none so far. */
  load(): Timers | null | undefined
  /** Puts them into the actor's state, synchronously: the next commit of the alarm makes both durable. */
  save(timers: Timers, options?: { allowUnconfirmed?: boolean }): void
  /** the clock; default asyncScheduler */
  readonly scheduler?: SchedulerLike
}

type TimerHandler = (timer: TimerInfo) => ObservableInput<unknown>

/** The named timers of one actor. */
export interface NamedTimers {
  /** What the timer is set to; `null` if it is not, and while its handler runs. */
  get(name: string): AlarmTime

  /**
   * Sets the timer, in place of the one of that name: ms since the epoch or a Date; in the past means at once.
   *
   * Throws `ALARM_KEY_INVALID` and `ALARM_TIME_INVALID` before anything has changed, what `save` throws, or what broke the alarm.
   */
  set(name: string, time: number | Date, options?: { allowUnconfirmed?: boolean }): void

  /**
   * Sets the timer to `ms` milliseconds from now, by the timers' clock.
   *
   * Throws as `set`; `ALARM_TIME_INVALID` unless `ms` is a whole number, 0 or more, and the sum is a safe integer.
   */
  setIn(name: string, ms: number, options?: { allowUnconfirmed?: boolean }): void

  /** Whether there was such a timer. Throws what broke the alarm. */
  delete(name: string, options?: { allowUnconfirmed?: boolean }): boolean

  /**
   * Handles a wake-up in place of `alarm.deliver`: runs the handler for all timers that are due, one at a time, in the order of their
   * times; then sets the alarm to the next one.
   *
   * ```
   * alarm     none
   * clock     9
   *
   * ask       8---5-----------------    each sets a timer of its own
   * write     8.|-5.|---------------
   * commit    --8.|-5.|----5.|x.|---    what is left to do, between the two
   * wake      ----------5.......|---
   * handler   ----------5..|--------
   *                        8..|         due too
   * ```
   *
   * A timer whose handler succeeds is removed, unless that set it again. One whose handler fails is handled again after a back-off of
   * its own, while the others go on; with `counted: false` and `retry: false` on the error as for a manager. After six retries that
   * count, `abandon` is called instead, until it succeeds, and the timer is removed. So the delivery itself succeeds; it errors only with
   * what has `counted: false`. A timer whose handler was cut off, because the lease ran out, lets the others go first from then on.
   */
  deliver(
    wakeup: Wakeup,
    handler: TimerHandler,
    options?: { readonly abandon?: TimerHandler },
  ): Awaitable<DeliveryOutcome>
}

/**
 * Keeps many named timers of one actor on its one alarm: the earliest timer is the alarm.
 *
 * ```
 * ask       8---5--------------------    each sets a timer of its own
 * write     8.|-5.|----------8.|-----
 * commit    --8.|-5.|------8.|-------
 * wake      ------------5......|-----
 * handler   ------------5..|---------
 * ```
 *
 * The timers are part of the actor's state and are committed with the alarm, so the promise holds for each of them: never late, never
 * lost, handled at least once. Nothing is kept here but what is running; a transaction that is rolled back takes its timers along.
 *
 * Gotchas: `load` and `save` are called at every change, so what they keep should be small: hundreds of timers, not thousands: for more use the `timers` of a store. All of
 * them are one actor's, so handlers run one at a time: what takes long makes the others late.
 *
 * Throws `ALARM_CONFIG_INVALID`; `set` and `delete` do, too, where `load` does not give back what `save` was given in the same turn (`sqliteStores`).
 *
 * ```ts
 * const timers = multiplexTimers({
 *   alarm: store.alarm,
 *   load: () => store.get('timers'),
 *   save: (timers, options) => store.put('timers', timers, options),
 * })
 * timers.setIn('tea', 180_000)
 * timers.setIn('eggs', 300_000)
 * manager.deliveries((delivery) => timers.deliver(delivery, ({ name }) => ring(name))).subscribe()
 * ```
 */
export function multiplexTimers(config: TimersConfig): NamedTimers {
  const { alarm, load, save, scheduler = asyncScheduler } = checkTimersConfig(config)
  const checkTime = timeCheckFor(alarm)
  const rows = valueRows({
    load: () => load(),
    save: (timers, options) => save(timers, options),
    now: () => scheduler.now(),
  })
  const engine = namedTimers<TimerInfo>({ alarm, rows, rules: onceRules, more: () => ({}), scheduler })

  function set(name: string, at: number, options?: { allowUnconfirmed?: boolean }): void {
    checkConfirmation(options)
    const standing = rows.find(checkKey(name))
    if (standing !== undefined && isSetTo(standing, at) && !engine.isBegun(standing)) engine.confirm(options)
    else engine.change(() => rows.put(newTimer(name, at, rows.sets() + 1), options), options)
    engine.renew(at, options)
  }

  return {
    get(name) {
      const timer = rows.find(checkKey(name))
      return timer === undefined || engine.isRunning(timer) ? null : timer.time
    },
    set: (name, time, options) => set(name, checkTime(time), options),
    setIn: (name, ms, options) => set(name, timeIn(ms, scheduler.now()), options),
    delete(name, options) {
      checkConfirmation(options)
      if (rows.find(checkKey(name)) === undefined) return false
      engine.change(() => rows.remove(name, options), options)
      return true
    },
    deliver(wakeup, handler, options = {}) {
      const { abandon = () => EMPTY } = options
      checkNames('deliver', options, { abandon: true })
      return engine.deliver(wakeup, handler, abandon)
    },
  }
}

function checkTimersConfig(config: TimersConfig): TimersConfig {
  const { alarm, load, save } = config ?? {}
  if (typeof alarm?.touch !== 'function') {
    throw configError('alarm', 'what openAlarm returns, or the alarm of a store', alarm)
  }
  if (typeof load !== 'function') throw configError('load', 'a function that returns timers', load)
  if (typeof save !== 'function') throw configError('save', 'a function that takes timers', save)
  checkNames('multiplexTimers', config, names)
  return config
}

const names: Names<TimersConfig> = { alarm: true, load: true, save: true, scheduler: true }
