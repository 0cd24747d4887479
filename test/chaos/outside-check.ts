import type { AlarmTime } from 'nolater'
import { quoted, sleep } from '../postgres/rig.ts'
import type { Server } from '../postgres/server.ts'
import type { Plan } from './plan.ts'
import { type ChaosLine, type RowChange, readHistory, readJournal } from './tables.ts'

/**
 * Reads the tables from outside, and never asks the engine.
 *
 * The promise is one about the store and the manager at one moment. Here both are tables of one database, and one statement sees one
 * snapshot of it: whatever is under way, what it returns was true at one moment.
 */
export interface TableWatch {
  readonly looks: number
  /** Actors whose store or manager has an alarm. */
  pending(): Promise<number>
  /** Looks once more, and no more. */
  stop(): Promise<void>
}

const LOOK_EVERY = 10 // ms

export function watchTables(
  { query }: Server,
  { schema }: Plan,
  accuse: (found: string[]) => void,
): TableWatch {
  const both = `${quoted(schema)}._nolater_actor AS store FULL JOIN ${quoted(schema)}._nolater_alarm AS manager USING (id)`
  const late = `
    SELECT store.key, store.alarm::float8 AS store, manager.time::float8 AS manager
    FROM ${both} WHERE store.alarm IS NOT NULL AND (manager.time IS NULL OR manager.time > store.alarm)`
  let looks = 0
  let isStopped = false

  async function look(): Promise<void> {
    const found = await query<{ key: string; store: AlarmTime; manager: AlarmTime }>(late)
    looks++
    accuse(
      found.map(
        ({ key, store, manager }) =>
          `LATE  ${key}: the store holds ${store}, the manager ${manager ?? 'none'}`,
      ),
    )
  }

  async function lookOn(): Promise<void> {
    while (!isStopped) {
      await look().catch(() => {}) // the server is away
      await sleep(LOOK_EVERY)
    }
  }

  const looking = lookOn()
  return {
    get looks() {
      return looks
    },
    async pending() {
      const sql = `SELECT count(*)::int AS count FROM ${both} WHERE store.alarm IS NOT NULL OR manager.time IS NOT NULL`
      return (await query<{ count: number }>(sql))[0]!.count
    },
    async stop() {
      isStopped = true
      await looking
      await look()
    },
  }
}

export interface ActorTables {
  readonly key: string
  readonly alarm: AlarmTime
  readonly lines: readonly ChaosLine[]
  readonly history: readonly RowChange[]
}

/** All that the tables say of each actor. Final only when nobody writes. */
export async function readTables(server: Server, plan: Plan): Promise<ActorTables[]> {
  const alarms = await server.query<{ key: string; alarm: AlarmTime }>(
    `SELECT key, alarm::float8 FROM ${quoted(plan.schema)}._nolater_actor`,
  )
  const alarmOf = new Map(alarms.map(({ key, alarm }) => [key, alarm]))
  const lines = Map.groupBy(await readJournal(server, plan), ({ key }) => key)
  const history = Map.groupBy(await readHistory(server, plan), ({ key }) => key)
  return plan.actors.map((key) => ({
    key,
    alarm: alarmOf.get(key) ?? null,
    lines: lines.get(key) ?? [],
    history: history.get(key) ?? [],
  }))
}
