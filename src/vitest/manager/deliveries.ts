import type { ObservableInput } from 'rxjs'
import type { AlarmDelivery, AlarmManager, DeliveryEvent, DeliveryOptions } from '../../index.ts'

/** A delivery and when its handler was called. */
export type Delivered = AlarmDelivery & { readonly at: number }

/** Deliveries under way, and what came of them. */
export interface Deliveries {
  readonly delivered: readonly Delivered[]
  readonly events: readonly DeliveryEvent[]
  keys(): string[]
  only<K extends DeliveryEvent['kind']>(kind: K): Extract<DeliveryEvent, { kind: K }>[]
  /** the error that ended them, or why they did not */
  outcome(): unknown
  stop(): void
}

/** Begins them, and keeps what comes. */
export function record(
  manager: AlarmManager,
  handler: (delivery: AlarmDelivery) => ObservableInput<unknown>,
  options: DeliveryOptions | undefined,
  now: () => number,
): Deliveries {
  const delivered: Delivered[] = []
  const events: DeliveryEvent[] = []
  let outcome: unknown = 'alive'
  const subscription = manager
    .deliveries((delivery) => {
      delivered.push({ ...delivery, at: now() })
      return handler(delivery)
    }, options)
    .subscribe({
      next: (event) => events.push(event),
      error(error) {
        outcome = error
      },
      complete() {
        outcome = 'complete'
      },
    })
  return {
    delivered,
    events,
    keys: () => delivered.map(({ key }) => key),
    only: <K extends DeliveryEvent['kind']>(kind: K) =>
      events.filter((event): event is Extract<DeliveryEvent, { kind: K }> => event.kind === kind),
    outcome: () => outcome,
    stop: () => subscription.unsubscribe(),
  }
}
