import {
  asyncScheduler,
  catchError,
  concat,
  defer,
  EMPTY,
  endWith,
  finalize,
  ignoreElements,
  map,
  type Observable,
  type ObservableInput,
  of,
  type SchedulerLike,
} from 'rxjs'
import type { DeliveryOutcome } from '../actor/delivery/outcome.ts'
import type { Wakeup, WakeupInfo } from '../actor/delivery/wakeup.ts'
import type { Alarm } from '../actor/open-alarm.ts'
import { isExhausted } from '../ledger/redelivery.ts'
import { fromUser } from '../operators/from-user.ts'
import { oneByOne } from '../operators/one-by-one.ts'
import type { Awaitable } from '../vocabulary/awaitable.ts'
import { checkConfirmation, checkNames, type Names } from '../vocabulary/check-names.ts'
import { configError } from '../vocabulary/error-of.ts'
import { AlarmError } from '../vocabulary/errors.ts'
import { checkKey } from '../vocabulary/key.ts'
import { timeCheckFor } from '../vocabulary/real-time.ts'
import { fieldOf } from '../vocabulary/safe-field.ts'
import { type AlarmTime, isBefore } from '../vocabulary/time.ts'
import { timeIn } from '../vocabulary/time-in.ts'
import {
  bounded,
  deleteTimer,
  dueTimers,
  earliest,
  findTimer,
  isSetTo,
  isStanding,
  noTimers,
  setTimer,
  type Timer,
  type Timers,
  timerDone,
  timerFailed,
  timerId,
} from './timers.ts'

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

/** What the handler of a timer is given. */
export interface TimerInfo extends WakeupInfo {
  readonly name: string
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

/** One delivery that is being handled. */
interface Run {
  /** the alarm that is handled: until the end it stands, and is not after any timer */
  readonly alarm: number
  /** whose handler runs */
  serial: number | null
  /** an outcome was saved, and no commit is due for it yet */
  isUnasked: boolean
}

// As the deletion of an alarm that was handled: nothing that leaves the actor depends on it.
const unconfirmed = { allowUnconfirmed: true } as const

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
 * Gotchas: `load` and `save` are called at every change, so what they keep should be small: hundreds of timers, not thousands. All of
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
  let run: Run | null = null
  let isReadBack = false
  let cutOff = new Set<number>() // serials of timers whose handlers were
  let foundSets: number | null = null // those before may have been delivered before

  function timers(): Timers {
    const loaded = bounded(load() ?? noTimers, scheduler.now())
    foundSets ??= loaded.sets
    return loaded
  }

  /** Its handler has run, or may have: set once more, to the same time too, it is another timer. */
  function isBegun({ serial, due }: Timer): boolean {
    if (serial === run?.serial || cutOff.has(serial)) return true
    return serial <= (foundSets ?? 0) && due <= scheduler.now()
  }

  function keep(next: Timers, options?: { allowUnconfirmed?: boolean }): void {
    const standing = alarm.time ?? run?.alarm ?? null // throws what is wrong with it, before anything has changed
    save(next, options)
    checkReadBack(next)
    const due = earliest(next)
    // While a delivery is handled its alarm may stand too early; at its end it is put right, with one move for all.
    if (isBefore(due, standing) || (run === null && due !== standing)) move(due, options)
    else alarm.touch(options)
  }

  /** Once: timers that are read back only when they are durable would replace each other within a turn, and be lost. */
  function checkReadBack(saved: Timers): void {
    if (isReadBack) return
    const { sets, list } = timers()
    isReadBack = sets === saved.sets && list.length === saved.list.length
    if (!isReadBack) throw unread()
  }

  function move(time: AlarmTime, options?: { allowUnconfirmed?: boolean }): void {
    if (time === null) alarm.delete(options)
    else alarm.set(time, options)
  }

  /** The same timer again is no change, but what nothing waited for until now must be durable before the gate opens. */
  function confirm(options?: { allowUnconfirmed?: boolean }): void {
    const { time } = alarm
    if (time === null) alarm.touch(options)
    else alarm.set(time, options)
  }

  function handleDue(
    { scheduledTime }: WakeupInfo,
    handler: TimerHandler,
    abandon: TimerHandler,
  ): Observable<unknown> {
    const own: Run = { alarm: scheduledTime, serial: null, isUnasked: false }
    return defer(() => {
      run = own
      // Our clock may be behind the manager's, by which the alarm is due.
      const due = dueTimers(timers(), Math.max(scheduledTime, scheduler.now()))
      const queue = [...due.filter(isUncut), ...due.filter((timer) => !isUncut(timer))]
      cutOff = new Set([...cutOff].filter((serial) => due.some((timer) => timer.serial === serial)))
      let handled = 0
      return concat(
        oneByOne(() => {
          const timer = queue[handled++]
          return timer === undefined ? null : () => handleOne(own, timer, handler, abandon)
        }),
        defer(() => settle(own)),
      )
    }).pipe(
      catchError((cause) => {
        throw notTheHandlers(cause)
      }),
      finalize(() => {
        if (own.serial !== null) cutOff.add(own.serial)
        if (run === own) run = null
      }),
    )
  }

  const isUncut = ({ serial }: Timer): boolean => !cutOff.has(serial)

  function handleOne(
    own: Run,
    timer: Timer,
    handler: TimerHandler,
    abandon: TimerHandler,
  ): Observable<unknown> {
    // One that was handled before it may have deleted it, or set it again.
    if (!isStanding(timers(), timer)) return EMPTY
    if (own.isUnasked) alarm.touch(unconfirmed)
    own.isUnasked = false
    own.serial = timer.serial
    const { name, time, counted } = timer
    const info = { id: timerId(timer), name, scheduledTime: time, retryCount: counted, isRetry: counted > 0 }
    return fromUser('The handler', () => (isExhausted(timer) ? abandon : handler)(info)).pipe(
      ignoreElements(),
      endWith(null),
      catchError((error: unknown) => of({ error })),
      map((failure) => {
        own.serial = null
        const before = timers()
        const after =
          failure === null
            ? timerDone(before, timer)
            : timerFailed(before, timer, failure.error, scheduler.now())
        if (after === before) return
        save(after, unconfirmed)
        own.isUnasked = true
      }),
    )
  }

  /** All that was due has had its turn: the alarm is the next timer. If there is none, the handler's success deletes it. */
  function settle(own: Run): Observable<never> {
    run = null
    const due = earliest(timers())
    const standing = alarm.time
    if (due !== standing) move(due, unconfirmed)
    if (own.isUnasked && due !== null && due === standing) alarm.touch(unconfirmed)
    return EMPTY
  }

  function set(name: string, at: number, options?: { allowUnconfirmed?: boolean }): void {
    checkConfirmation(options)
    const before = timers()
    const standing = findTimer(before, checkKey(name))
    const isThere = standing !== undefined && isSetTo(standing, at) && !isBegun(standing)
    if (isThere) confirm(options)
    else keep(setTimer(before, name, at), options)
    // The alarm at that time may back off: then it is a new one, and otherwise no move.
    if (run === null && alarm.time === at) alarm.set(at, options)
  }

  return {
    get(name) {
      const timer = findTimer(timers(), checkKey(name))
      return timer === undefined || timer.serial === run?.serial ? null : timer.time
    },
    set: (name, time, options) => set(name, checkTime(time), options),
    setIn: (name, ms, options) => set(name, timeIn(ms, scheduler.now()), options),
    delete(name, options) {
      checkConfirmation(options)
      const before = timers()
      const after = deleteTimer(before, checkKey(name))
      if (after !== before) keep(after, options)
      return after !== before
    },
    deliver(wakeup, handler, options = {}) {
      const { abandon = () => EMPTY } = options
      checkNames('deliver', options, { abandon: true })
      if (typeof handler !== 'function') return alarm.deliver(wakeup, handler) // the alarm says what is wrong with it
      return alarm.deliver(wakeup, (info) => handleDue(info, handler, abandon))
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

function unread(): AlarmError {
  return new AlarmError(
    'ALARM_CONFIG_INVALID',
    'load must return at once what save was given; it returned other timers. Keep them where they can be read back within the turn, as ' +
      'store.get and store.put of sqliteStore do. What sqliteStores shows is durable only: give such an actor a sqliteStore of its own.',
  )
}

/** A store that fails must not use up the retries of the alarm: with it, all timers would be abandoned. */
function notTheHandlers(cause: unknown): unknown {
  if (fieldOf(cause, 'counted') === false) return cause
  return new AlarmError(
    'ALARM_COMMIT_FAILED',
    'The timers could not be loaded or saved, so their delivery stays open. Nothing is lost: answer the manager with this error and ' +
      'it delivers again.',
    { cause, counted: false },
  )
}
