import pg from 'pg'
import { pick } from '../crash/faults/fault.ts'
import { quoted, sleep } from '../postgres/rig.ts'
import type { Server } from '../postgres/server.ts'
import { type Plan, TIMEOUT } from './plan.ts'

interface World {
  readonly plan: Plan
  readonly server: Server
  chance(): number
}

/** One kind of trouble, other than a kill. Resolves when it is over. */
export interface Fault {
  readonly name: string
  strike(world: World): Promise<void>
}

/** As `pg_ctl restart -m immediate`: no checkpoint, all connections are cut, and what was open is rolled back. */
const restart: Fault = {
  name: 'restart of PostgreSQL, immediate',
  async strike({ server, chance }) {
    await server.crash()
    await sleep(chance() * 500)
    await server.start()
  },
}

const cut: Fault = {
  name: 'connections cut',
  async strike({ server, chance }) {
    const share = chance() < 0.3 ? 1 : 0.5
    await server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nolater' AND random() < $1`,
      [share],
    )
  },
}

/** Writes wait until their client has given them up, and land after all, when somebody else may have written. */
const heldRows: Fault = {
  name: 'rows held, so that writes land late',
  strike: (world) => hold(world, (table) => `SELECT FROM ${table} WHERE key = ANY($1) FOR UPDATE`),
}

const heldTable: Fault = {
  name: 'the table held',
  strike: (world) => hold(world, (table) => `LOCK TABLE ${table} IN EXCLUSIVE MODE`),
}

async function hold({ plan, server, chance }: World, sql: (table: string) => string): Promise<void> {
  const client = new pg.Client({ connectionString: server.connectionString })
  client.on('error', () => {})
  await client.connect()
  const text = sql(`${quoted(plan.schema)}._nolater_alarm`)
  await client.query('BEGIN')
  await client.query(
    text,
    text.includes('$1') ? [[pick(chance, plan.actors), pick(chance, plan.actors)]] : [],
  )
  await sleep(TIMEOUT + 300 + chance() * 500)
  await client.end()
}

export const faults: readonly Fault[] = [restart, cut, heldRows, heldTable]
