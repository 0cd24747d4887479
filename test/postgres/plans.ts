import { describe, it } from 'vitest'
import { fleetRows, ownedAlarm } from '../../src/postgres/fleet/fleet-rows.ts'
import { shardOfRow } from '../../src/postgres/fleet/shard-of.ts'
import { statementsOf } from '../../src/postgres/statements.ts'
import { quoted, type SchemaRig, withSchema } from './rig.ts'
import type { Server } from './server.ts'

const PROCESS = '00000000-0000-0000-0000-00000000000a'
const ALARMS = 60_000
const MOST = 100
const SHARDS = 64
const COMPILED = 100_000 // the cost above which the server compiles a statement before it runs it (`jit_above_cost`)

interface Node {
  readonly 'Relation Name'?: string
  readonly 'Total Cost': number
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly Node[]
}

/** The most rows of alarms that a part of the statement read. */
function mostRead(node: Node): number {
  const own = node['Relation Name'] === '_nolater_alarm' || node.Plans === undefined
  const read = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)
  const below = (node.Plans ?? []).map(mostRead)
  return Math.max(own ? read * node['Actual Loops'] : 0, ...below)
}

export function describePlans(server: Server): void {
  /** Alarms of an hour ago, or in an hour, in a table of which the server has statistics, or none; and all shards owned. */
  async function fill(
    { schema, table, manager }: SchemaRig,
    isDue: boolean,
    isKnown: boolean,
  ): Promise<void> {
    await manager().ready()
    await server.query(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`)
    await server.query(`
      INSERT INTO ${table} (id, key, time, fence, set_by, again, due, counted, uncounted, changed_at)
      SELECT sha256(i::text::bytea), i, at, 1, 1, false, at, 0, 0, 0
      FROM generate_series(1, ${ALARMS}) AS made (i), LATERAL (SELECT ${Date.now() + (isDue ? -3_600_000 : 3_600_000)} + i AS at) AS its`)
    await server.query(
      `INSERT INTO ${quoted(schema)}._nolater_shard (id, owner) SELECT id, '${PROCESS}' FROM generate_series(0, ${SHARDS - 1}) AS made (id)`,
    )
    if (isKnown) await server.query(`ANALYZE ${table}`)
  }

  async function read(text: string, values: readonly unknown[]): Promise<{ rows: number; cost: number }> {
    const [row] = await server.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
      values,
    )
    const { Plan } = row!['QUERY PLAN'][0]
    return { rows: mostRead(Plan), cost: Plan['Total Cost'] }
  }

  describe.each([
    { isKnown: false, isDue: true, which: 'in a table without statistics, all of it due' },
    { isKnown: false, isDue: false, which: 'in a table without statistics, none of it due' },
    { isKnown: true, isDue: true, which: 'in a table with statistics, all of it due' },
    { isKnown: true, isDue: false, which: 'in a table with statistics, none of it due' },
  ])('a look for due alarms, $which', ({ isKnown, isDue }) => {
    const ids = Array.from({ length: SHARDS }, (_, id) => id)

    it('reads as many as it takes for a manager', ({ expect }) =>
      withSchema(server, async (rig) => {
        await fill(rig, isDue, isKnown)
        const { take } = statementsOf(quoted(rig.schema))
        const { rows, cost } = await read(take, [PROCESS, MOST, 30_000])
        expect(rows).toBeLessThanOrEqual(isDue ? MOST : 1)
        expect(cost).toBeLessThan(COMPILED)
      }))

    it('reads as many as it takes for a fleet', ({ expect }) =>
      withSchema(server, async (rig) => {
        await fill(rig, isDue, isKnown)
        const { take } = statementsOf(quoted(rig.schema), ownedAlarm(quoted(rig.schema), shardOfRow(SHARDS)))
        const { rows, cost } = await read(take, [PROCESS, MOST, 30_000, PROCESS, ids])
        expect(rows).toBeLessThanOrEqual(isDue ? MOST : SHARDS)
        expect(cost).toBeLessThan(COMPILED)
      }))

    it('reads one for the health of a fleet', ({ expect }) =>
      withSchema(server, async (rig) => {
        await fill(rig, isDue, isKnown)
        let text = ''
        const rows = fleetRows(quoted(rig.schema), shardOfRow(SHARDS), async (asked) => {
          text = asked
          return []
        })
        await rows.overdue(ids)
        expect((await read(text, [ids])).rows).toBeLessThanOrEqual(1)
      }))
  })
}
