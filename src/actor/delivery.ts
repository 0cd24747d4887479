import {
  concat,
  concatMap,
  defer,
  finalize,
  ignoreElements,
  map,
  Observable,
  type ObservableInput,
  of,
  takeUntil,
  tap,
} from 'rxjs'
import { fromUser } from '../operators/from-user.ts'
import { throwing } from '../operators/reached.ts'
import { writeError } from '../vocabulary/error-of.ts'
import { AlarmError } from '../vocabulary/errors.ts'
import { sequenceOf } from '../vocabulary/fence.ts'
import { given } from '../vocabulary/given.ts'
import { type AlarmTime, checkTime, printTime } from '../vocabulary/time.ts'
import type { Keeper } from './keeper.ts'
import type { Delivered } from './record.ts'
import type { Run } from './work.ts'

/** A wake-up, as the manager delivers it. Without a `fence`, only writes issued since count as newer than it. */
export interface Wakeup {
  /** whose it is; an alarm that has a key refuses another's */
  readonly key?: string
  readonly scheduledTime: number
  readonly retryCount?: number
  readonly fence?: number
  /** which alarm it is, the same for each try of it; made of the fence and the time where the manager delivers none */
  readonly id?: string
}

/** What the handler is given. */
export interface WakeupInfo {
  /** the alarm that is being handled: what was set, ms since the epoch */
  readonly scheduledTime: number
  /** which alarm of this actor it is, the same on each try: what an effect is keyed on. Two alarms may have the same `scheduledTime` */
  readonly id: string
  /** counted failures of this alarm before this run */
  readonly retryCount: number
  readonly isRetry: boolean
}

/** How a delivery ended, when it did not fail. */
export type DeliveryOutcome =
  | { readonly kind: 'ran'; readonly scheduledTime: number; readonly retryCount: number }
  | { readonly kind: 'rescheduled'; readonly scheduledTime: number; readonly time: AlarmTime }

/** What to do with a wake-up: run the handler for an alarm, or put an early manager right. */
export type Arming = { readonly run: number; readonly deletes: boolean } | { readonly reschedule: AlarmTime }

/** The arming table: a pure decision on what the actor knows when the wake-up arrives. */
export function arm(
  { desired, isClean }: { readonly desired: AlarmTime; readonly isClean: boolean },
  scheduledTime: number,
  now: number,
  isStale = false,
): Arming {
  // Asked again after this one had begun: it is another alarm, and has a delivery of its own.
  if (desired === scheduledTime) return { run: scheduledTime, deletes: !isStale }
  // An intent that is not durable yet: the handler runs, and what was asked stands.
  if (!isClean) return { run: scheduledTime, deletes: false }
  // A little late beats very late: another round through the manager would only add to it.
  if (desired !== null && desired <= now) return { run: desired, deletes: true }
  return { reschedule: desired }
}

/** Handles one wake-up, when its turn comes: an actor has one handler at a time. */
export function deliver(
  keeper: Keeper,
  wakeup: Wakeup,
  handler: (info: WakeupInfo) => ObservableInput<unknown>,
): Observable<DeliveryOutcome> {
  return defer(() => {
    const scheduledTime = checkWakeup(keeper.key, wakeup, handler)
    const delivered = { scheduledTime, retryCount: wakeup.retryCount ?? 0 }
    keeper.tell({ kind: 'delivery-arrived', ...delivered })
    const handled$ = keeper
      .when(() => keeper.work === null || keeper.work.run === null)
      .pipe(
        concatMap(() => {
          tellViolation(keeper, wakeup)
          const since = sinceOf(keeper, wakeup)
          const isStale = since <= keeper.stale
          const arming = arm(keeper, scheduledTime, keeper.now(), isStale)
          if (!('run' in arming)) return reschedule(keeper, arming.reschedule, delivered)
          // Run in place of another one, it may be with the manager already, under any fence.
          keeper.deliveryBegun(arming.run === scheduledTime ? since : keeper.issued)
          return run(keeper, arming, { ...delivered, id: idOf(wakeup, arming.run) }, since, handler)
        }),
        tap({
          error: (error) => keeper.tellNow({ kind: 'delivery-failed', ...delivered, error }),
        }),
      )
    return notifyAfter(keeper, handled$)
  })
}

/** Listeners are notified when it has been started: they do not hold up the handler. */
function notifyAfter<T>(keeper: Keeper, started$: Observable<T>): Observable<T> {
  return new Observable((subscriber) => {
    subscriber.add(started$.subscribe(subscriber))
    keeper.telemetry?.flush()
  })
}

/** Above this one a write of ours is newer than the delivery. We wrote none before the first, nor yet any after the last. */
function sinceOf({ fenceEpoch, issued }: Keeper, { fence }: { readonly fence?: number }): number {
  return fence === undefined ? issued : Math.max(0, Math.min(sequenceOf(fenceEpoch, fence), issued))
}

/** Of an alarm that runs in place of the one that was delivered, too. */
function idOf({ id, fence, scheduledTime }: Wakeup, run: number): string {
  const delivered = id ?? (fence === undefined ? `${scheduledTime}` : `${fence}-${scheduledTime}`)
  return run === scheduledTime ? delivered : `${delivered}-${run}`
}

function run(
  keeper: Keeper,
  arming: { run: number; deletes: boolean },
  { id, ...delivered }: Delivered & { readonly id: string },
  since: number,
  handler: (info: WakeupInfo) => ObservableInput<unknown>,
): Observable<DeliveryOutcome> {
  const own: Run = { deletion: arming.deletes ? 'deferred' : 'none', since }
  keeper.handlerStarted(own)
  const end = (): void => keeper.handlerEnded(own)
  const { retryCount } = delivered
  const info = { id, scheduledTime: arming.run, retryCount, isRetry: retryCount > 0 }
  keeper.tell({ kind: 'delivery-run', ...delivered, time: arming.run, deletes: arming.deletes })
  const handled$ = concat(
    defer(() => fromUser('The handler', () => handler(info))).pipe(ignoreElements()),
    defer(() => {
      if (keeper.handlerDone(own)) keeper.want(null, true)
      return answer(keeper, since)
    }),
  ).pipe(
    takeUntil(keeper.when(() => false)), // a broken alarm fails its delivery
    map(() => {
      keeper.tellNow({ kind: 'delivery-done', ...delivered })
      return { kind: 'ran', scheduledTime: arming.run, retryCount } as const
    }),
    tap({ error: end }), // before the failure reaches the manager: it may give the alarm up at once
    finalize(() => {
      end()
      keeper.settle()
    }),
  )
  return notifyAfter(keeper, handled$)
}

/**
 * Emits when the manager may be answered "done".
 *
 * Done removes the manager's copy if its fence is still the delivered one. So where an alarm stands, there must be a newer write;
 * where none stands, the answer is the deletion.
 */
function answer(keeper: Keeper, since: number): Observable<void> {
  return keeper
    .when(() => keeper.isDrained)
    .pipe(
      concatMap(() => {
        if (keeper.acked !== keeper.issued) throw undelivered(keeper)
        if (keeper.committed === null || keeper.acked > since) return of(undefined)
        keeper.renew()
        return answer(keeper, since)
      }),
    )
}

/** The manager woke us for another alarm than ours, which is not due: it gets ours before it gets an answer. */
function reschedule(keeper: Keeper, time: AlarmTime, delivered: Delivered): Observable<DeliveryOutcome> {
  const before = keeper.issued
  keeper.renew()
  return keeper
    .when(() => keeper.acked > before || keeper.isDrained || keeper.isResting)
    .pipe(
      map(() => {
        if (keeper.acked <= before) throw undelivered(keeper)
        const { scheduledTime } = delivered
        keeper.tellNow({ kind: 'delivery-rescheduled', ...delivered, time })
        return { kind: 'rescheduled', scheduledTime, time } as const
      }),
    )
}

/** Deletes the alarm if it is still exactly the one that the manager gives up; returns the one that stands, or `null`. */
export function abandon(
  keeper: Keeper,
  scheduledTime: number,
  delivered?: { readonly fence?: number },
): AlarmTime {
  if (keeper.failure !== null) throw throwing(keeper.failure)
  const time = checkTime(scheduledTime)
  if (!keeper.isSettled) throw unsettled(keeper, time)
  if (keeper.desired === time && !isOfBefore(keeper, delivered)) {
    keeper.givenUp()
    keeper.deleteNow(keeper.atWork())
    return null
  }
  const kept = keeper.committed
  keeper.atWork()
  if (kept !== time) keeper.anotherKept()
  keeper.movedByAnswer(kept)
  keeper.settle()
  return kept
}

/** It was asked again, at the same time, since the one that is given up had begun. */
function isOfBefore(keeper: Keeper, delivered?: { readonly fence?: number }): boolean {
  const fence = delivered?.fence
  return fence !== undefined && sinceOf(keeper, { fence }) <= keeper.stale
}

function unsettled({ key, work }: Keeper, time: number): AlarmError {
  const why = work?.run
    ? 'a handler of its actor runs'
    : 'a commit or a manager write of its actor is in flight'
  return new AlarmError(
    'ALARM_WRITE_FAILED',
    `The alarm ${printTime(time)} of ${given(key)} cannot be given up now: ${why}. ` +
      'Nothing is lost: answer the manager with this error and it asks again.',
    { counted: false },
  )
}

function undelivered(keeper: Keeper): AlarmError {
  const cause = keeper.work?.lastError ?? new Error('its last write was given up, or is still in flight')
  return writeError(keeper.key, printTime(keeper.bound), cause)
}

/** Woken for a time after the committed one, by no older write than our last: the manager had lost what it acknowledged. */
function tellViolation(keeper: Keeper, { scheduledTime, fence }: Wakeup): void {
  const { committed, fenceEpoch, acked } = keeper
  if (keeper.telemetry === null || committed === null || !keeper.isClean) return
  if (scheduledTime > committed && (fence === undefined || sequenceOf(fenceEpoch, fence) >= acked)) {
    keeper.tell({ kind: 'violation', manager: scheduledTime, committed })
  }
}

function checkWakeup(own: string, wakeup: Wakeup, handler: unknown): number {
  const { key = own, scheduledTime, retryCount, fence, id } = wakeup ?? {}
  const isCount = (value: unknown): boolean =>
    value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)
  const isId = id === undefined || typeof id === 'string'
  if (!isCount(retryCount) || !isCount(fence) || !isId || typeof handler !== 'function') {
    throw new AlarmError(
      'ALARM_DELIVERY_INVALID',
      'A delivery is { key?, scheduledTime, retryCount?, fence?, id? } in whole numbers, 0 or more, with a function to handle it; ' +
        `given retryCount ${given(retryCount)}, fence ${given(fence)}, id ${given(id)} and ${given(handler)}.`,
    )
  }
  // Answered by us, its manager would take the alarm of the other actor for done: it would be lost.
  if (key !== own && own !== '') {
    throw new AlarmError(
      'ALARM_DELIVERY_INVALID',
      `This wake-up is that of ${given(key)}, and this is the alarm of ${given(own)}. Look the actor up by delivery.key, or let openFleet do it. ` +
        'Where the manager knows this one by another key, pass { ...delivery, key }.',
      { counted: false },
    )
  }
  return checkTime(scheduledTime)
}
