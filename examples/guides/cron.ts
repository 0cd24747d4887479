/** Every day at nine in Berlin: after downtime once, not once a day missed. */
import type { DeliveryOutcome, Wakeup } from 'nolater'
import type { ActorStore, Occurrence } from 'nolater/sqlite'
import type { Observable, ObservableInput } from 'rxjs'

export interface Daily {
  /** Begins, if it has not begun. */
  start(): void
  /** What became of the last days. */
  history(): readonly Occurrence[]
  deliver(wakeup: Wakeup): Observable<DeliveryOutcome>
}

export function openDaily(store: ActorStore, work: (day: number) => ObservableInput<unknown>): Daily {
  const { timers } = store
  return {
    start: () =>
      store.transaction(() => timers.every('report', { cron: '0 9 * * *', timeZone: 'Europe/Berlin' })),
    history: () => timers.read('report')?.series?.history ?? [],
    deliver: (wakeup) => timers.deliver(wakeup, ({ scheduledTime }) => work(scheduledTime)),
  }
}
