import type { AlarmDelivery, AlarmTime, DeliveryOptions } from 'nolater'
import { type PostgresManager, type PostgresManagerOptions, postgresManager } from 'nolater/postgres'
import pg from 'pg'
import { asyncScheduler, EMPTY, type ObservableInput, type SchedulerLike } from 'rxjs'
import { type Deliveries, record } from '../../src/vitest/manager/deliveries.ts'
import type { Server } from './server.ts'

/** However loaded the machine is, what is waited for comes within it. */
const PATIENCE = 45_000

/** Looks again and again until it holds; fails with what was last seen. */
export async function until<T>(
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean = Boolean,
): Promise<T> {
  const end = Date.now() + PATIENCE
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (Date.now() > end)
      throw new Error(`It did not come to it in ${PATIENCE} ms; last seen: ${JSON.stringify(seen)}`)
    await sleep(10)
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** `done`, or the error. */
export function settled(written: ObservableInput<unknown>): Promise<unknown> {
  return new Promise((resolve) => {
    ;(written as import('rxjs').Observable<unknown>).subscribe({
      error: resolve,
      complete: () => resolve('done'),
    })
  })
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A schema of its own, managers on it, and what a test asks of them. All of it ends with the test. */
export async function withSchema(server: Server, test: (rig: SchemaRig) => Promise<void>): Promise<void> {
  const schema = server.newSchema()
  const managers: PostgresManager[] = []
  const recordings: Deliveries[] = []
  const ends: (() => unknown)[] = []
  const rig: SchemaRig = {
    server,
    schema,
    ends,
    table: `${quoted(schema)}._nolater_alarm`,
    manager(options = {}) {
      const way = options.pool === undefined ? { connectionString: server.connectionString } : {}
      const manager = postgresManager({ ...way, schema, ...options })
      managers.push(manager)
      return manager
    },
    pool(options = {}) {
      const pool = new pg.Pool({ connectionString: server.connectionString, ...options })
      pool.on('error', () => {})
      ends.push(() => pool.end())
      return pool
    },
    write: (manager, key, time, fence, move = 'later') =>
      settled(manager.write(key, time, { key, move, fence, attempt: 1 })),
    deliver(manager, handler = () => EMPTY, options) {
      const recorded = record(manager, handler, options, Date.now)
      recordings.push(recorded)
      return recorded
    },
    row: async (key) => (await server.query<Row>(`SELECT * FROM ${rig.table} WHERE key = $1`, [key]))[0],
  }
  try {
    await test(rig)
  } finally {
    for (const recorded of recordings) recorded.stop()
    await Promise.all(managers.map((manager) => manager.close()))
    for (const end of ends) await end()
    await server.query(`DROP SCHEMA IF EXISTS ${quoted(schema)} CASCADE`)
  }
}

/** As Postgres gives it: a bigint is a string. */
interface Row {
  readonly time: string | null
  readonly fence: string
  readonly due: string | null
  readonly counted: number
  readonly holder: string | null
  readonly aside: number | null
}

export interface SchemaRig {
  readonly server: Server
  readonly schema: string
  /** called at the end, whatever the outcome */
  readonly ends: (() => unknown)[]
  /** as it stands in a statement */
  readonly table: string
  manager(options?: Partial<PostgresManagerOptions>): PostgresManager
  pool(options?: pg.PoolConfig): pg.Pool
  /** `done`, or the error */
  write(
    manager: PostgresManager,
    key: string,
    time: AlarmTime,
    fence: number,
    move?: 'earlier' | 'later' | 'same',
  ): Promise<unknown>
  deliver(
    manager: PostgresManager,
    handler?: (delivery: AlarmDelivery) => ObservableInput<unknown>,
    options?: DeliveryOptions,
  ): Deliveries
  row(key: string): Promise<Row | undefined>
}

/** The clock of this machine, wrong by so many ms. */
export function wrongClock(by: number): SchedulerLike {
  return {
    now: () => asyncScheduler.now() + by,
    schedule: asyncScheduler.schedule.bind(asyncScheduler) as SchedulerLike['schedule'],
  }
}
