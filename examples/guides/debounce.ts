/** Saves a draft five seconds after its last edit, and a minute after its first at the latest. */
import { type DeliveryOutcome, postpone, type Wakeup } from 'nolater'
import type { ActorStore } from 'nolater/sqlite'
import { asyncScheduler, type Observable, type ObservableInput, type SchedulerLike } from 'rxjs'

export interface Draft {
  edit(text: string): void
  deliver(wakeup: Wakeup): Observable<DeliveryOutcome>
}

export function openDraft(
  store: ActorStore,
  save: (text: string) => ObservableInput<unknown>,
  clock: SchedulerLike = asyncScheduler,
): Draft {
  const { alarm } = store
  return {
    edit: (text) =>
      store.transaction(() => {
        const now = clock.now()
        const standing = { time: alarm.time, limit: store.get<number>('limit') ?? null }
        const { time, limit } = postpone(standing, now + 5_000, 60_000, now)
        store.put('text', text)
        store.put('limit', limit) // in the commit of the alarm, so that a restart does not begin the minute again
        alarm.set(time)
      }),
    deliver: (wakeup) => alarm.deliver(wakeup, () => save(store.get<string>('text') ?? '')),
  }
}
