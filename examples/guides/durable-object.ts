/** What a Durable Object's class finds in `ctx.storage`, on a store of nolater. */
import type { DeliveryOutcome, Wakeup } from 'nolater'
import type { ActorStore } from 'nolater/sqlite'
import { firstValueFrom, from, type Observable } from 'rxjs'

export interface AlarmInfo {
  readonly retryCount: number
  readonly isRetry: boolean
}

/** The part of a Durable Object that nolater calls. */
export interface WithAlarm {
  alarm(info: AlarmInfo): Promise<void>
}

export type Storage = ReturnType<typeof storageOf>

export function storageOf(store: ActorStore) {
  const { alarm } = store
  return {
    get: async <T>(key: string) => store.get<T>(key),
    put: async (key: string, value: unknown) => store.put(key, value),
    delete: async (key: string) => store.delete(key),
    list: async <T>(options?: { prefix?: string }) => store.list<T>(options),
    getAlarm: async () => alarm.time,
    setAlarm: async (time: number | Date) => alarm.set(time),
    deleteAlarm: async () => alarm.delete(),
    deleteAll: async () => store.deleteAll(),
    sync: () => firstValueFrom(alarm.confirmed()),
    transactionSync: <T>(work: () => T): T => store.transaction(work),
    sql: store.sql,
  }
}

/** For the manager's deliveries. */
export const wakeObject =
  (store: ActorStore, object: WithAlarm) =>
  (wakeup: Wakeup): Observable<DeliveryOutcome> =>
    store.alarm.deliver(wakeup, ({ retryCount, isRetry }) => object.alarm({ retryCount, isRetry }))

/** The output gate, which a Durable Object has built in: give every reply through it. */
export const reply = <T>(store: ActorStore, answer: Promise<T>): Promise<T> =>
  firstValueFrom(from(answer).pipe(store.alarm.holdUntilConfirmed()))
