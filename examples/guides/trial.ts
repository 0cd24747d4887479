/** A trial of two weeks: a mail three days before its end, and no more access from then on. */
import type { DeliveryOutcome, Wakeup } from 'nolater'
import type { ActorStore } from 'nolater/sqlite'
import { asyncScheduler, EMPTY, type Observable, type ObservableInput, type SchedulerLike } from 'rxjs'

const DAY = 86_400_000

export interface Trial {
  start(): void
  /** The customer has paid. */
  convert(): void
  isOpen(): boolean
  deliver(wakeup: Wakeup): Observable<DeliveryOutcome>
}

export function openTrial(
  store: ActorStore,
  mail: (id: string) => ObservableInput<unknown>,
  clock: SchedulerLike = asyncScheduler,
): Trial {
  const { timers } = store
  return {
    start: () =>
      store.transaction(() => {
        store.put('plan', 'trial')
        store.put('until', clock.now() + 14 * DAY)
        timers.setIn('trial/mail', 11 * DAY)
        timers.setIn('trial/end', 14 * DAY)
      }),
    convert: () =>
      store.transaction(() => {
        store.put('plan', 'paid')
        timers.deleteAll('trial/')
      }),
    // By the clock, not by whether the timer has been handled: that may be late, an answer may not.
    isOpen: () =>
      store.get('plan') === 'paid' ||
      (store.get('plan') === 'trial' && clock.now() < (store.get<number>('until') ?? 0)),
    deliver: (wakeup) =>
      timers.deliver(wakeup, ({ name, id }) => {
        if (name === 'trial/mail') return mail(id) // with the id as the key of the request, so that a second try sends no second mail
        store.put('plan', 'over')
        return EMPTY
      }),
  }
}
