import { join } from 'node:path'
import { firstValueFrom } from 'rxjs'
import { type Alarm, openFleet } from '../nolater.ts'
import { type ActorStore, sqliteManager, sqliteStore, sqliteStores } from '../nolater-sqlite.ts'
import type { Contender } from './contender.ts'

/** Each actor with a database of its own; one manager. */
export async function ownDatabases(directory: string): Promise<Contender> {
  const manager = sqliteManager({ file: join(directory, 'alarms.db') })
  const stores: ActorStore[] = []
  const storeOf = (i: number): ActorStore => {
    const key = `actor-${i}`
    stores[i] ??= sqliteStore({ file: join(directory, `${key}.db`), key, manager })
    return stores[i]
  }
  return {
    set: (actors, times) => setAll(actors, times, (i) => storeOf(i).alarm, manager.get),
    async close() {
      for (const store of stores) store.close()
      manager.close()
    },
  }
}

/** All actors in one database; one manager. */
export async function sharedDatabase(directory: string): Promise<Contender> {
  const manager = sqliteManager({ file: join(directory, 'alarms.db') })
  const stores = sqliteStores({ file: join(directory, 'actors.db'), manager })
  const fleet = openFleet(stores)
  return {
    set: (actors, times) => setAll(actors, times, (i) => fleet.actor(`actor-${i}`), manager.get),
    async close() {
      fleet.close()
      stores.close()
      manager.close()
    },
  }
}

/** What the store and the manager hold in the end; where they differ, nothing. */
async function setAll(
  actors: number,
  times: readonly number[],
  alarmOf: (i: number) => Alarm,
  managed: (key: string) => number | null,
): Promise<(number | null)[]> {
  const all = Array.from({ length: actors }, (_, i) => alarmOf(i))
  await Promise.all(
    all.map(async (alarm) => {
      for (const time of times) {
        alarm.set(time)
        await firstValueFrom(alarm.drained())
      }
    }),
  )
  return all.map((alarm, i) => (alarm.time === managed(`actor-${i}`) ? alarm.time : null))
}
