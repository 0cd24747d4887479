import { EMPTY, lastValueFrom } from 'rxjs'
import { postgresManager } from '../nolater-postgres.ts'
import type { Entry } from './queue.ts'

/** As it comes: 10 connections, 100 handlers at a time, a poll each second. */
export const nolater: Entry = {
  name: 'nolater/postgres',
  async open(connectionString, schema, fired) {
    const manager = postgresManager({ connectionString, schema })
    await manager.ready()
    let fence = 0
    const infoOf = (key: string) => ({ key, move: 'earlier', fence: ++fence, attempt: 1 }) as const
    const deliveries =
      fired &&
      manager
        .deliveries(({ key }) => {
          fired(key, Date.now())
          return EMPTY
        })
        .subscribe()
    return {
      one: (key, time) => lastValueFrom(manager.write(key, time, infoOf(key)), { defaultValue: null }),
      many: (keys, time) =>
        lastValueFrom(manager.writeMany(keys.map((key) => ({ key, time, info: infoOf(key) })))),
      async close() {
        deliveries?.unsubscribe()
        await manager.close()
      },
    }
  },
}
