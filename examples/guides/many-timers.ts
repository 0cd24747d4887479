/** An order that is reminded of after an hour and cancelled after a day: two timers on one alarm. */
import { type DeliveryOutcome, multiplexTimers, type Wakeup } from 'nolater'
import type { ActorStore } from 'nolater/sqlite'
import { asyncScheduler, type Observable, type ObservableInput, type SchedulerLike } from 'rxjs'

const HOUR = 3_600_000

export interface Order {
  place(what: string): void
  pay(): void
  deliver(wakeup: Wakeup): Observable<DeliveryOutcome>
}

export function openOrder(
  store: ActorStore,
  act: (name: string, what: string) => ObservableInput<unknown>,
  clock: SchedulerLike = asyncScheduler,
): Order {
  const timers = multiplexTimers({
    alarm: store.alarm,
    load: () => store.get('timers'),
    save: (timers, options) => store.put('timers', timers, options),
    scheduler: clock,
  })
  return {
    place: (what) =>
      store.transaction(() => {
        store.put('order', what)
        timers.setIn('remind', HOUR)
        timers.setIn('cancel', 24 * HOUR)
      }),
    pay: () =>
      store.transaction(() => {
        timers.delete('remind')
        timers.delete('cancel')
      }),
    deliver: (wakeup) =>
      timers.deliver(wakeup, ({ name }) => act(name, store.get<string>('order') ?? ''), {
        abandon: ({ name }) => act(`give up ${name}`, store.get<string>('order') ?? ''),
      }),
  }
}
