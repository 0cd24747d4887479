import { concatMap, map, type Observable, of } from 'rxjs'
import { writeError } from '../../vocabulary/error-of.ts'
import type { AlarmError } from '../../vocabulary/errors.ts'
import { type AlarmTime, printTime } from '../../vocabulary/time.ts'
import type { Keeper } from '../keeper.ts'
import type { Delivered } from '../record/deliveries.ts'

/** How a delivery ended, when it did not fail. */
export type DeliveryOutcome =
  | { readonly kind: 'ran'; readonly scheduledTime: number; readonly retryCount: number }
  | { readonly kind: 'rescheduled'; readonly scheduledTime: number; readonly time: AlarmTime }

/**
 * Emits when the manager may be answered "done".
 *
 * Done removes the manager's copy if its fence is still the delivered one. So where an alarm stands, there must be a newer write;
 * where none stands, the answer is the deletion.
 */
export function answer(keeper: Keeper, since: number): Observable<void> {
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
export function reschedule(
  keeper: Keeper,
  time: AlarmTime,
  delivered: Delivered,
): Observable<DeliveryOutcome> {
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

function undelivered(keeper: Keeper): AlarmError {
  const cause = keeper.work?.lastError ?? new Error('its last write was given up, or is still in flight')
  return writeError(keeper.key, printTime(keeper.bound), cause)
}
