/** Messages that are posted at most so many a second, each with retries of its own: every message is a timer, and its payload. */
import type { DeliveryOutcome, Wakeup } from 'nolater'
import type { ActorStore, StoredTimer } from 'nolater/sqlite'
import { asyncScheduler, defer, type Observable, type ObservableInput, type SchedulerLike } from 'rxjs'

export interface PostedQueue {
  /** Posts it as soon as the rate allows. */
  send(text: string): void
  /** Those that no retry is left of. */
  failed(): readonly StoredTimer<string>[]
  retry(name: string): boolean
  deliver(wakeup: Wakeup): Observable<DeliveryOutcome>
}

export function openPostedQueue(
  store: ActorStore,
  post: (id: string, text: string) => ObservableInput<unknown>,
  perSecond: number,
  clock: SchedulerLike = asyncScheduler,
): PostedQueue {
  const { timers } = store
  return {
    send: (text) =>
      store.transaction(() => {
        const slot = Math.max(clock.now(), store.get<number>('freeAt') ?? 0)
        const count = (store.get<number>('count') ?? 0) + 1
        store.put('freeAt', slot + Math.ceil(1_000 / perSecond))
        store.put('count', count)
        timers.set(`message/${count}`, slot, { payload: text })
      }),
    failed: () => timers.list<string>({ state: 'failed', prefix: 'message/' }),
    retry: (name) => store.transaction(() => timers.retry(name)),
    deliver: (wakeup) =>
      timers.deliver<string>(
        wakeup,
        ({ id, payload }) => defer(() => post(id, payload)), // what it fails with says whether it counts: see below
      ),
  }
}
