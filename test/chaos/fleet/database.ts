import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type PostgresServer, startPostgres } from '../../../examples/postgres-server/start.ts'
import { findPooler, type Pooler, startPooler } from '../../postgres/pooler.ts'
import { until } from '../../postgres/rig.ts'
import { startStandby } from '../../postgres/standby.ts'
import { openAddress } from './address.ts'

/** What the processes of a campaign are connected with. */
export interface Setting {
  /** a standby that has each commit before it is acknowledged, and is promoted */
  readonly standby: boolean
  readonly pooler: 'none' | 'session' | 'transaction'
  /** they have the rights that the docs name, and no other */
  readonly isLeast: boolean
}

/** A PostgreSQL at one address, whichever server has it now. */
export interface Database {
  /** for its owner, at the same address */
  readonly own: string
  /** of its owner, at the server itself */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** Makes what the processes connect with, once the tables are there. */
  connect(schema: string): Promise<string>
  crash(ms: number): Promise<void>
  restart(ms: number): Promise<void>
  /** The server is lost, and the standby takes its place; it gets one of its own. */
  promote(): Promise<void>
  /** Nothing gets through. */
  hold(ms: number): Promise<void>
  bounce(ms: number): Promise<void>
  stop(): Promise<void>
}

const SETTINGS = ['fsync=off', 'max_connections=200']

export async function openDatabase({
  standby: hasStandby,
  pooler: mode,
  isLeast,
}: Setting): Promise<Database> {
  const first = await startPostgres({ settings: SETTINGS })
  let primary = first
  let files = join(first.folder, 'data')
  let standby: PostgresServer | null = null
  let standbys = 0
  let outside = look(first)
  let pooler: Pooler | null = null
  const address = await openAddress(portOf(first))

  /** Another one from the server's own files. From here on, what it has not got is not acknowledged. */
  async function follow(): Promise<void> {
    const into = join(first.folder, `standby-${++standbys}`)
    standby = await startStandby(primary, files, into, SETTINGS)
    await query(`ALTER SYSTEM SET synchronous_standby_names = '*'`)
    await query('SELECT pg_reload_conf()')
    await until(
      async () => (await query(`SELECT FROM pg_stat_replication WHERE sync_state = 'sync'`)).length > 0,
    )
  }

  const query: Database['query'] = async (text, values = []) =>
    (await outside.query(text, [...values])).rows as never

  if (hasStandby) await follow()
  const wayOf = (role: string): string => `postgres://${role}@127.0.0.1:${address.port}/postgres`
  const own = wayOf('postgres:secret')
  return {
    own,
    query: (text, values) => query(text, values),
    async connect(schema) {
      if (isLeast) {
        await query(`CREATE ROLE app LOGIN PASSWORD 'least'`)
        for (const name of ['public', schema]) {
          await query(`GRANT USAGE ON SCHEMA ${name} TO app`)
          await query(`GRANT ALL ON ALL TABLES IN SCHEMA ${name} TO app`)
        }
        await query('GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO app')
      }
      const connectionString = isLeast ? wayOf('app:least') : own
      if (mode === 'none') return connectionString
      const program = findPooler()
      if (program === null) throw new Error('PgBouncer is not installed (Debian: pgbouncer)')
      pooler = await startPooler(program, connectionString, { mode, size: mode === 'session' ? 80 : 20 })
      return pooler.connectionString
    },
    async crash(ms) {
      await primary.crash()
      await sleep(ms)
      await primary.start()
    },
    async restart(ms) {
      await primary.halt()
      await sleep(ms)
      await primary.start()
    },
    async promote() {
      if (standby === null) throw new Error('There is no standby to promote: --standby has one.')
      const [lost, its] = [primary, files]
      await lost.crash()
      outside.end().catch(() => {})
      primary = standby
      files = join(first.folder, `standby-${standbys}`)
      outside = look(primary)
      await query('SELECT pg_promote(true, 60)')
      address.lead(portOf(primary))
      if (lost !== first) {
        await lost.stop()
        rmSync(its, { recursive: true, force: true })
      }
      await follow()
    },
    hold: (ms) => address.hold(ms),
    async bounce(ms) {
      await pooler?.restart(ms)
    },
    async stop() {
      address.close()
      outside.end().catch(() => {})
      await pooler?.stop()
      await standby?.stop()
      if (primary !== first) await primary.stop()
      await first.stop()
    },
  }
}

function look({ connectionString }: PostgresServer): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 3 })
  pool.on('error', () => {})
  return pool
}

function portOf({ connectionString }: PostgresServer): number {
  return Number(new URL(connectionString).port)
}
