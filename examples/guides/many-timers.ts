/** An order that is reminded of after an hour and cancelled after a day: two timers on one alarm. */
import type { DeliveryOutcome, Wakeup } from 'nolater'
import type { ActorStore } from 'nolater/sqlite'
import type { Observable, ObservableInput } from 'rxjs'

const HOUR = 3_600_000

export interface Order {
  place(what: string): void
  pay(): void
  deliver(wakeup: Wakeup): Observable<DeliveryOutcome>
}

export function openOrder(
  store: ActorStore,
  act: (name: string, what: string) => ObservableInput<unknown>,
): Order {
  const { timers } = store
  return {
    place: (what) =>
      store.transaction(() => {
        store.put('order', what)
        timers.setIn('remind', HOUR, { payload: what })
        timers.setIn('cancel', 24 * HOUR, { payload: what })
      }),
    pay: () => store.transaction(() => void timers.deleteAll()),
    deliver: (wakeup) =>
      timers.deliver<string>(wakeup, ({ name, payload }) => act(name, payload), {
        abandon: ({ name, payload }) => act(`give up ${name}`, payload),
      }),
  }
}
