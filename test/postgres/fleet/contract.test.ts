import { postgresFleet } from 'nolater/postgres'
import pg from 'pg'
import { filter, firstValueFrom } from 'rxjs'
import { describe } from 'vitest'
import { describeFleet } from '../../fleet-contract/describe-fleet.ts'
import type { FleetDatabase } from '../../fleet-contract/rig.ts'
import { serverOfFile } from '../server.ts'

const server = serverOfFile()
const SHARDS = 4
let schemas = 0

async function database(): Promise<FleetDatabase> {
  if (typeof server === 'string') throw new Error(server)
  const schema = `contract_${++schemas}`
  const { connectionString } = server
  const pool = new pg.Pool({ connectionString, options: `-c search_path=${schema}` })
  await server.query(`CREATE SCHEMA ${schema}`)
  await pool.query('CREATE TABLE item (actor text, name text, nth serial)')
  return {
    async open(options) {
      const fleet = await postgresFleet({ pool, schema, shards: SHARDS, ...options })
      await firstValueFrom(fleet.owned$.pipe(filter(({ size }) => size === SHARDS)))
      return fleet
    },
    items: async () => (await pool.query('SELECT actor, name FROM item ORDER BY nth')).rows,
    async end() {
      await pool.end()
      await server.query(`DROP SCHEMA ${schema} CASCADE`)
    },
  }
}

describe.skipIf(typeof server === 'string')('on PostgreSQL', () => describeFleet('postgresFleet', database))
