import {
  type FleetDelivery,
  type PostgresFleet,
  type PostgresFleetOptions,
  postgresFleet,
} from 'nolater/postgres'
import pg from 'pg'
import { quoted, sleep, until } from '../rig.ts'
import type { Server } from '../server.ts'

export const SHARDS = 16

/** Fleets in a schema of their own. */
export interface FleetRig {
  readonly schema: string
  /** a table */
  readonly item: string
  open(options?: Partial<PostgresFleetOptions>): Promise<PostgresFleet>
  readonly delivered: FleetDelivery[]
  query<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>
}

export function fleetsOn(server: Server | string): (test: (rig: FleetRig) => Promise<void>) => Promise<void> {
  return async (test) => {
    if (typeof server === 'string') throw new Error(server)
    const schema = server.newSchema()
    const pools: pg.Pool[] = []
    const fleets: PostgresFleet[] = []
    const delivered: FleetDelivery[] = []
    const { connectionString } = server
    await server.query(`CREATE SCHEMA ${quoted(schema)}`)
    await server.query(`CREATE TABLE ${quoted(schema)}.item (actor text, name text)`)
    try {
      await test({
        schema,
        item: `${quoted(schema)}.item`,
        delivered,
        async open(options = {}) {
          const pool = options.pool ?? new pg.Pool({ connectionString })
          pools.push(pool)
          const fleet = await postgresFleet({
            pool,
            schema,
            shards: 16,
            handler: (delivery) => {
              delivered.push(delivery)
              return []
            },
            ...options,
          })
          fleets.push(fleet)
          return fleet
        },
        query: (text, values) => server.query(text.replaceAll('$schema', quoted(schema)), values),
      })
    } finally {
      await Promise.allSettled(fleets.map((fleet) => fleet.close()))
      for (const pool of pools) await pool.end()
      await server.query(`DROP SCHEMA ${quoted(schema)} CASCADE`)
    }
  }
}

export const owned = (fleet: PostgresFleet): ReadonlySet<number> => {
  let now: ReadonlySet<number> = new Set()
  fleet.owned$.subscribe((shards) => (now = shards)).unsubscribe()
  return now
}
export const ownsAll = (fleet: PostgresFleet): Promise<unknown> => until(() => owned(fleet).size === SHARDS)
/** `done`, or the code of the error. */
export const codeOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => 'done',
    (error) => error.code ?? error,
  )

export const whereOf = (server: Server | string): { connectionString: string } => ({
  connectionString: (server as Server).connectionString,
})

export interface Late {
  /** the next commit of an alarm */
  isHeld: boolean
  /** it is done at once, and answered a little later */
  isApplied?: boolean
  isAnswered?: boolean
  /** it was not answered, and was sent a little later */
  ended: Promise<unknown>
}

/** A pool in which a commit of an alarm is late. */
export function heldPool(server: Server | string, late: Late): pg.Pool {
  const pool = new pg.Pool(whereOf(server))
  const query = pool.query.bind(pool) as (...asked: unknown[]) => Promise<unknown>
  async function answeredLate(...asked: unknown[]): Promise<unknown> {
    const result = await query(...asked)
    await sleep(500)
    late.isAnswered = true
    return result
  }
  pool.query = ((asked: { text?: string }, ...more: unknown[]) => {
    if (!late.isHeld || asked.text?.includes('INSERT INTO') !== true) return query(asked, ...more)
    late.isHeld = false
    if (late.isApplied === true) return answeredLate(asked, ...more)
    late.ended = sleep(300).then(() => query(asked, ...more))
    return Promise.reject(new Error('Connection terminated unexpectedly'))
  }) as never
  return pool
}
