import { describe, it } from 'vitest'
import { openDatabase } from '../../../src/postgres/database.ts'
import { forgetRequests } from '../../../src/postgres/fleet/operations.ts'
import { until } from '../rig.ts'
import { serverOfFile } from '../server.ts'
import { fleetsOn, whereOf } from './fleet-rig.ts'

const server = serverOfFile()
const withFleets = fleetsOn(server)
const DAY = 86_400_000

describe.skipIf(typeof server === 'string')('the ids of requests', { timeout: 60_000 }, () => {
  it('are forgotten after a day, some at a time, by a fleet that is open', ({ expect, onTestFinished }) =>
    withFleets(async ({ open, query, schema }) => {
      const enter = (name: string, count: number, age: number) =>
        query(
          `INSERT INTO $schema._nolater_request (id, at)
           SELECT $1 || made, extract(epoch FROM clock_timestamp()) * 1000 - $3 FROM generate_series(1, $2) AS made`,
          [name, count, age],
        )
      const left = () =>
        query<{ name: string; count: number }>(
          `SELECT substr(id, 1, 3) AS name, count(*)::integer FROM $schema._nolater_request GROUP BY 1 ORDER BY 1`,
        )
      const db = openDatabase({ ...whereOf(server), schema })
      onTestFinished(() => db.close())
      await db.pool()
      await enter('old', 2_500, DAY + 1_000)
      await enter('new', 3, DAY - 60_000)
      const batches: number[] = []
      await forgetRequests({
        ...db,
        async query(text, values) {
          const rows = await db.query<never>(text, values)
          batches.push(rows.length)
          return rows
        },
      })
      expect(batches).toEqual([1_000, 1_000, 500, 0])
      expect(await left()).toEqual([{ name: 'new', count: 3 }])
      await enter('old', 1, DAY + 1_000)
      await open()
      await until(left, ({ length }) => length === 1)
      expect(await left()).toEqual([{ name: 'new', count: 3 }])
    }))
})
