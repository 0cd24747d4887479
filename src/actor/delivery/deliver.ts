import {
  concat,
  concatMap,
  defer,
  finalize,
  ignoreElements,
  map,
  Observable,
  type ObservableInput,
  takeUntil,
  tap,
} from 'rxjs'
import { fromUser } from '../../operators/from-user.ts'
import { sequenceOf } from '../../vocabulary/fence.ts'
import type { Keeper } from '../keeper.ts'
import {
  type Delivered,
  deliveryBegun,
  handlerDone,
  handlerEnded,
  handlerStarted,
} from '../record/deliveries.ts'
import type { Run } from '../work.ts'
import { answer, type DeliveryOutcome, reschedule } from './answer.ts'
import { arm } from './arming.ts'
import { checkWakeup, idOf, sinceOf, type Wakeup, type WakeupInfo } from './wakeup.ts'

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
          deliveryBegun(keeper, arming.run === scheduledTime ? since : keeper.issued)
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

function run(
  keeper: Keeper,
  arming: { run: number; deletes: boolean },
  { id, ...delivered }: Delivered & { readonly id: string },
  since: number,
  handler: (info: WakeupInfo) => ObservableInput<unknown>,
): Observable<DeliveryOutcome> {
  const own: Run = { deletion: arming.deletes ? 'deferred' : 'none', since }
  handlerStarted(keeper, own)
  const end = (): void => handlerEnded(keeper, own)
  const { retryCount } = delivered
  const info = { id, scheduledTime: arming.run, retryCount, isRetry: retryCount > 0 }
  keeper.tell({ kind: 'delivery-run', ...delivered, time: arming.run, deletes: arming.deletes })
  const handled$ = concat(
    defer(() => fromUser('The handler', () => handler(info))).pipe(ignoreElements()),
    defer(() => {
      if (handlerDone(own)) keeper.want(null, true)
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

/** Woken for a time after the committed one, by no older write than our last: the manager had lost what it acknowledged. */
function tellViolation(keeper: Keeper, { scheduledTime, fence }: Wakeup): void {
  const { committed, fenceEpoch, acked } = keeper
  if (keeper.telemetry === null || committed === null || !keeper.isClean) return
  if (scheduledTime > committed && (fence === undefined || sequenceOf(fenceEpoch, fence) >= acked)) {
    keeper.tell({ kind: 'violation', manager: scheduledTime, committed })
  }
}
