import { setTimeout as sleep } from 'node:timers/promises'
import type { Crew } from './crew.ts'
import type { Database, Setting } from './database.ts'
import { SCHEMA } from './tables.ts'

/** What goes wrong, and how often beside the others. */
interface Trouble {
  readonly weight: number
  /** awaited, where it must be over first */
  strike(): unknown
}

const HOUR = 3_600_000
const CUT = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`

/** What a later version does to a table that is at work: a lock that nothing gets past, and another column. */
const alter = (table: string, ms: number): string => `
  BEGIN; SET LOCAL lock_timeout = '2s';
  ALTER TABLE ${SCHEMA}.${table} DROP COLUMN IF EXISTS later, ADD COLUMN later integer;
  SELECT pg_sleep(${ms / 1_000}); COMMIT`

const TABLES = ['_nolater_alarm', '_nolater_shard', '_nolater_process']

/** All of a setting, by name. Some last for seconds, and the next one comes meanwhile. */
export function troublesOf(
  { standby, pooler }: Setting,
  { crew, database, roll }: { crew: Crew; database: Database; roll: (below: number) => number },
): ReadonlyMap<string, Trouble> {
  const all: Record<string, Trouble> = {
    kill: { weight: 14, strike: () => crew.kill() },
    pause: { weight: 9, strike: () => crew.pause(1_000 + roll(6_000)) },
    deploy: { weight: 6, strike: () => crew.end() },
    cut: { weight: 5, strike: () => database.query(CUT) },
    hold: { weight: 4, strike: () => void database.hold(1_000 + roll(5_000)) },
    exhaust: { weight: 4, strike: () => crew.order({ exhaust: 1_000 + roll(5_000) }) },
    step: { weight: 4, strike: () => crew.order({ step: roll(2 * HOUR) - HOUR }) },
    alter: {
      weight: 3,
      strike: () => database.query(alter(TABLES[roll(TABLES.length)] as string, roll(2_000))),
    },
    crash: { weight: 2, strike: () => database.crash(roll(3_000)) },
    restart: { weight: 2, strike: () => database.restart(roll(2_000)) },
    promote: { weight: standby ? 3 : 0, strike: () => database.promote() },
    bounce: { weight: pooler === 'none' ? 0 : 3, strike: () => database.bounce(roll(2_000)) },
  }
  return new Map(Object.entries(all).filter(([, { weight }]) => weight > 0))
}

/** One of them; what cannot be done at the moment is tried again. */
export async function strike(
  troubles: ReadonlyMap<string, Trouble>,
  roll: (below: number) => number,
): Promise<string> {
  const total = [...troubles.values()].reduce((sum, { weight }) => sum + weight, 0)
  let left = roll(total)
  for (const [name, { weight, strike: go }] of troubles) {
    left -= weight
    if (left >= 0) continue
    for (let tries = 1; ; tries++) {
      try {
        await go()
        return name
      } catch (error) {
        if (tries === 20) throw new Error(`${name} could not be done`, { cause: error })
        await sleep(250) // the way to the server is cut by the trouble before
      }
    }
  }
  throw new Error('A trouble has a weight above 0.')
}
