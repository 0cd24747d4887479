import {
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
import { fromUser } from '../operators/from-user.ts'
import { oneByOne } from '../operators/one-by-one.ts'
import type { Awaitable } from '../vocabulary/awaitable.ts'
import type { Confirmation } from '../vocabulary/check-names.ts'
import { AlarmError } from '../vocabulary/errors.ts'
import { fieldOf } from '../vocabulary/safe-field.ts'
import { type AlarmTime, isBefore } from '../vocabulary/time.ts'
import { type TimerRow, timerId } from './timer.ts'
import { type TimerQueue, timerQueue } from './timer-queue.ts'
import type { TimerRows } from './timer-rows.ts'
import { isSpent, type TimerRules } from './timer-rules.ts'
import type { TimerKeeper } from './timer-verbs.ts'

/** What the handler of a timer is given. */
export interface TimerInfo extends WakeupInfo {
  readonly name: string
}

/** What the timers of one actor are made of. */
export interface TimerParts<I extends TimerInfo> {
  readonly alarm: Pick<Alarm, 'time' | 'set' | 'delete' | 'touch' | 'deliver'>
  readonly rows: TimerRows
  readonly rules: TimerRules
  /** what its handler is given of a timer, beside what all are given */
  readonly more: (timer: TimerRow) => Omit<I, keyof TimerInfo>
  readonly scheduler: SchedulerLike
}

type Handler<I> = (timer: I) => ObservableInput<unknown>

/** The timers of one actor on its one alarm. */
export interface TimerEngine<I extends TimerInfo> extends TimerKeeper {
  deliver(wakeup: Wakeup, handler: Handler<I>, abandon?: Handler<I>): Awaitable<DeliveryOutcome>
  /** One call for all that are due. */
  deliverBatch(
    wakeup: Wakeup,
    handler: (timers: readonly I[]) => ObservableInput<unknown>,
    abandon?: Handler<I>,
  ): Awaitable<DeliveryOutcome>
}

/** One delivery that is being handled. */
interface Run {
  /** the alarm that is handled: until the end it stands, and is not after any timer */
  readonly alarm: number
  /** those whose handler runs, by their serials */
  readonly serials: Set<number>
  /** an outcome was saved, and no commit is due for it yet */
  isUnasked: boolean
}

// As the deletion of an alarm that was handled: nothing that leaves the actor depends on it.
const unconfirmed = { allowUnconfirmed: true } as const

/** Keeps the timers of one actor on its one alarm: the earliest of them is the alarm, in one commit. */
export function namedTimers<I extends TimerInfo>({
  alarm,
  rows,
  rules,
  more,
  scheduler,
}: TimerParts<I>): TimerEngine<I> {
  let run: Run | null = null
  const cutOff = new Map<number, string>() // timers whose handlers were, by their serials
  let foundSets: number | null = null // those before may have been delivered before

  const found = (): number => {
    foundSets ??= rows.sets()
    return foundSets
  }

  function change<T>(work: () => T, options?: Confirmation): T {
    const standing = alarm.time ?? run?.alarm ?? null // throws what is wrong with it, before anything has changed
    const { result, due } = rows.together(() => {
      found()
      const result = work()
      rows.bound(scheduler.now())
      return { result, due: rows.earliest() }
    })
    // While a delivery is handled its alarm may stand too early; at its end it is put right, with one move for all.
    if (isBefore(due, standing) || (run === null && due !== standing)) move(due, options)
    else alarm.touch(options)
    return result
  }

  function move(time: AlarmTime, options?: Confirmation): void {
    if (time === null) alarm.delete(options)
    else alarm.set(time, options)
  }

  /** The same timer again is no change, but what nothing waited for until now must be durable before the gate opens. */
  function confirm(options?: Confirmation): void {
    const { time } = alarm
    if (time === null) alarm.touch(options)
    else alarm.set(time, options)
  }

  function handleDue(
    { scheduledTime }: WakeupInfo,
    handle: (own: Run, queue: TimerQueue) => Observable<unknown>,
  ): Observable<unknown> {
    const own: Run = { alarm: scheduledTime, serials: new Set(), isUnasked: false }
    return defer(() => {
      run = own
      found()
      rows.bound(scheduler.now())
      // Our clock may be behind the manager's, by which the alarm is due.
      const queue = timerQueue(rows, Math.max(scheduledTime, scheduler.now()), cutOff)
      return concat(
        handle(own, queue),
        defer(() => settle(own)),
      )
    }).pipe(
      catchError((cause) => {
        throw notTheHandlers(cause)
      }),
      finalize(() => {
        if (run === own) run = null
      }),
    )
  }

  /** The timer as it is handled now; `null` where it is not. */
  function begin(own: Run, { name, serial }: TimerRow): TimerRow | null {
    // One that was handled before it may have deleted it, or set it again.
    const standing = rows.find(name)
    if (standing?.serial !== serial) return null
    const { runs, timer } = rules.begin(standing, nowOf(standing))
    if (!runs) keep(own, name, timer)
    return runs ? timer : null
  }

  const nowOf = ({ due }: TimerRow): number => Math.max(Math.ceil(scheduler.now()), due ?? 0)

  const infoOf = (timer: TimerRow): I => {
    const { name, time, counted } = timer
    const info = { id: timerId(timer), name, scheduledTime: time, retryCount: counted, isRetry: counted > 0 }
    return { ...info, ...more(timer) } as unknown as I
  }

  function handleOne(
    own: Run,
    due: TimerRow,
    handler: Handler<I>,
    abandon?: Handler<I>,
  ): Observable<unknown> {
    const timer = begin(own, due)
    if (timer === null) return EMPTY
    if (isSpent(timer) && abandon === undefined) {
      keep(own, timer.name, rules.givenUp(timer, nowOf(timer), rows.sets() + 1))
      return EMPTY
    }
    const call = isSpent(timer) ? (abandon as Handler<I>) : handler
    return handled(own, [timer], abandon !== undefined, () => call(infoOf(timer)))
  }

  /** Calls the handler of some, and keeps what they come to. */
  function handled(
    own: Run,
    timers: readonly TimerRow[],
    hasAbandon: boolean,
    call: () => ObservableInput<unknown>,
  ): Observable<unknown> {
    if (own.isUnasked) alarm.touch(unconfirmed)
    own.isUnasked = false
    for (const { serial } of timers) own.serials.add(serial)
    let isOver = false
    return fromUser('The handler', call).pipe(
      ignoreElements(),
      endWith(null),
      catchError((error: unknown) => of({ error })),
      map((failure) => {
        isOver = true
        own.serials.clear()
        rows.together(() => {
          for (const timer of timers) end(own, timer, failure && { ...failure, hasAbandon })
        })
      }),
      finalize(() => {
        if (!isOver) for (const { serial, name } of timers) cutOff.set(serial, name)
      }),
    )
  }

  function end(own: Run, timer: TimerRow, failure: { error: unknown; hasAbandon: boolean } | null): void {
    const standing = rows.find(timer.name)
    if (standing?.serial !== timer.serial) return
    const next = rows.sets() + 1
    const now = nowOf(timer)
    keep(
      own,
      timer.name,
      failure === null
        ? rules.succeeded(timer, standing, now, next)
        : rules.failed(timer, standing, failure, Math.ceil(scheduler.now()), next),
    )
  }

  function keep(own: Run, name: string, timer: TimerRow | null): void {
    if (timer === null) rows.remove(name, unconfirmed)
    else rows.put(timer, unconfirmed)
    own.isUnasked = true
  }

  /** All that was due has had its turn: the alarm is the next timer. If there is none, the handler's success deletes it. */
  function settle(own: Run): Observable<never> {
    run = null
    const due = rows.earliest()
    const standing = alarm.time
    if (due !== standing) move(due, unconfirmed)
    if (own.isUnasked && due !== null && due === standing) alarm.touch(unconfirmed)
    return EMPTY
  }

  function handleEach(own: Run, queue: TimerQueue, handler: Handler<I>, abandon?: Handler<I>) {
    return oneByOne(() => {
      const timer = queue.next()
      return timer === null ? null : () => handleOne(own, timer, handler, abandon)
    })
  }

  function handleAll(
    own: Run,
    queue: TimerQueue,
    handler: (timers: readonly I[]) => ObservableInput<unknown>,
    abandon?: Handler<I>,
  ): Observable<unknown> {
    const all: TimerRow[] = []
    // Those without a retry left are handled on the way: they are not the handler's any more.
    const spent = oneByOne(() => {
      for (let due = queue.next(); due !== null; due = queue.next()) {
        const timer = due
        if (isSpent(timer)) return () => handleOne(own, timer, () => EMPTY, abandon)
        const begun = begin(own, timer)
        if (begun !== null) all.push(begun)
      }
      return null
    })
    const batch = defer(() =>
      all.length === 0 ? EMPTY : handled(own, all, abandon !== undefined, () => handler(all.map(infoOf))),
    )
    return concat(spent, batch)
  }

  return {
    isRunning: ({ serial }) => run?.serials.has(serial) === true,
    isBegun({ serial, due }) {
      if (run?.serials.has(serial) === true || cutOff.has(serial)) return true
      return serial <= found() && due !== null && due <= scheduler.now()
    },
    change,
    confirm,
    renew(at, options) {
      if (run === null && alarm.time === at) alarm.set(at, options)
    },
    deliver(wakeup, handler, abandon) {
      if (typeof handler !== 'function') return alarm.deliver(wakeup, handler) // the alarm says what is wrong with it
      return alarm.deliver(wakeup, (info) =>
        handleDue(info, (own, queue) => handleEach(own, queue, handler, abandon)),
      )
    },
    deliverBatch(wakeup, handler, abandon) {
      if (typeof handler !== 'function') return alarm.deliver(wakeup, handler)
      return alarm.deliver(wakeup, (info) =>
        handleDue(info, (own, queue) => handleAll(own, queue, handler, abandon)),
      )
    },
  }
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
