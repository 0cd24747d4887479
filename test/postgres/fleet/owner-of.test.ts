import { expect, it } from 'vitest'
import type { Database } from '../../../src/postgres/database.ts'
import { shardTable } from '../../../src/postgres/fleet/shard-table.ts'

it('asks for the owners of many requests in one statement, those of one shard too, and of none that has no owner', async () => {
  const asked: unknown[] = []
  const db = {
    schema: 's',
    async query(_: string, [shards]: readonly unknown[]) {
      asked.push(shards)
      return [
        { shard: 7, process: 'p', address: 'there' },
        { shard: 5, process: 'q', address: null },
      ]
    },
  }
  const table = shardTable(db as unknown as Database, { shards: 16, address: null, lease: 10_000 })
  expect(await Promise.all([5, 7, 7, 6].map((shard) => table.ownerOf(shard)))).toEqual([
    { process: 'q', address: null },
    { process: 'p', address: 'there' },
    { process: 'p', address: 'there' },
    null,
  ])
  expect(asked).toEqual([[5, 7, 7, 6]])
})
