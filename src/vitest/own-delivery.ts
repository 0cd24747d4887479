import { defaultIfEmpty, defer, map, type Observable, type ObservableInput, takeLast, tap } from 'rxjs'
import type { DeliveryOutcome, Wakeup } from '../index.ts'
import { isClosed } from '../vocabulary/errors.ts'

/** An actor that hands a wake-up to its alarm together with its own handler. */
export interface DeliversItself {
  deliver(wakeup: Wakeup): ObservableInput<unknown>
}

/** Lets an actor deliver; tells in `failed` what it failed of. */
export function ownDelivery(
  actor: DeliversItself,
  wakeup: Wakeup,
  failed: string[],
): Observable<DeliveryOutcome> {
  const { scheduledTime, retryCount = 0 } = wakeup
  // An actor that does not pass on what its alarm answers has run, as far as its manager can tell.
  const ran: DeliveryOutcome = { kind: 'ran', scheduledTime, retryCount }
  return defer(() => actor.deliver(wakeup)).pipe(
    takeLast(1),
    map((outcome) => (isOutcome(outcome) ? outcome : ran)),
    defaultIfEmpty(ran),
    tap({
      error(error) {
        // A process that dies fails nothing.
        if (!isClosed(error)) failed.push(`the delivery of ${scheduledTime / 1_000} s failed: ${error}`)
      },
    }),
  )
}

const isOutcome = (answer: unknown): answer is DeliveryOutcome => {
  const { kind } = (answer ?? {}) as { kind?: unknown }
  return kind === 'ran' || kind === 'rescheduled'
}
