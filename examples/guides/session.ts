/** A session that ends when it was idle for half an hour, and after eight hours however busy it is. */
import { type DeliveryOutcome, postpone, type Wakeup } from 'nolater'
import type { ActorStore } from 'nolater/sqlite'
import { asyncScheduler, EMPTY, type Observable, type SchedulerLike } from 'rxjs'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

export interface Session {
  /** Whether the session goes on; asking keeps it alive. */
  use(): boolean
  begin(user: string): void
  deliver(wakeup: Wakeup): Observable<DeliveryOutcome>
}

export function openSession(store: ActorStore, clock: SchedulerLike = asyncScheduler): Session {
  const { alarm } = store

  function goOn(): void {
    const now = clock.now()
    const standing = { time: alarm.time, limit: store.get<number>('limit') ?? null }
    const { time, limit } = postpone(standing, now + 30 * MINUTE, 8 * HOUR, now)
    store.put('limit', limit)
    alarm.set(time)
  }

  return {
    begin: (user) =>
      store.transaction(() => {
        store.put('user', user)
        goOn()
      }),
    use() {
      // Due is over, whether or not the manager has come by: it may be late, an answer may not.
      if (alarm.time === null || alarm.time <= clock.now()) return false
      store.transaction(goOn)
      return true
    },
    deliver: (wakeup) =>
      alarm.deliver(wakeup, () => {
        if (alarm.time !== null) return EMPTY // begun again just as it ended
        store.delete('user')
        store.delete('limit')
        return EMPTY
      }),
  }
}
