import { expect, it } from 'vitest'
import type { Database } from '../../../src/postgres/database.ts'
import { shardTable } from '../../../src/postgres/fleet/shard-table.ts'

/** The limit of each statement on a database that answers nothing; the default where there is none. */
async function limitsOf(lease: number, timeout: number): Promise<Record<string, number>> {
  const limits: number[] = []
  const db = {
    schema: 's',
    timeout,
    timeline: async () => '1',
    async query(_text: string, _values: readonly unknown[], within = timeout) {
      limits.push(within)
      return []
    },
  }
  const table = shardTable(db as unknown as Database, { shards: 16, address: null, lease })
  await table.enter('p')
  await table.report('p')
  await table.take('p', 1)
  return Object.fromEntries(limits.map((limit, i) => [['enter', 'report', 'take'][i], limit]))
}

it('gives up on a report early enough for others in the same lease', async () => {
  expect(await limitsOf(10_000, 10_000)).toEqual({ enter: 10_000, report: 2_500, take: 10_000 })
  expect(await limitsOf(60_000, 10_000)).toEqual({ enter: 10_000, report: 10_000, take: 10_000 })
})
