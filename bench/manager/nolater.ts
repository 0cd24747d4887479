import { join } from 'node:path'
import { EMPTY, lastValueFrom, merge } from 'rxjs'
import { sqliteManager } from '../nolater-sqlite.ts'
import { actorOf, type Contender, type Fired, keyOf, type Open } from './contender.ts'

/** As it comes: 100 handlers at a time. */
export const asItComes: Open = (directory, fired) => open(directory, fired, 100)
/** More handlers share an fsync. */
export const wide: Open = (directory, fired) => open(directory, fired, 1_000)

/** What is written in one turn is committed together. */
async function open(directory: string, fired: Fired | null, concurrency: number): Promise<Contender> {
  const manager = sqliteManager({ file: join(directory, 'alarms.db') })
  if (fired !== null) {
    const handler = ({ key }: { key: string }) => {
      fired(actorOf(key), Date.now())
      return EMPTY
    }
    manager.deliveries(handler, { concurrency }).subscribe()
  }
  const write = (actor: number, time: number) => {
    const key = keyOf(actor)
    return manager.write(key, time, { key, move: 'earlier', fence: 1, attempt: 1 })
  }
  return {
    async set(first, times) {
      const writes = times.map((time, i) => write(first + i, time))
      await lastValueFrom(merge(...writes), { defaultValue: null })
    },
    async close() {
      manager.close()
    },
  }
}
