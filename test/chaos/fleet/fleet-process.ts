// One process of a fleet that is troubled: it changes actors that it owns, and fulfils what they wish. Prints the ids of wishes that are durable.
import { setTimeout as sleep } from 'node:timers/promises'
import { postgresFleet } from 'nolater/postgres'
import pg from 'pg'
import { shardOf } from '../../../src/postgres/fleet/shard-of.ts'
import { COUNT, EARLY, FULFIL, NEXT, SCHEMA, SHARDS, WISH } from './tables.ts'

/** What a process is told to do to itself. */
export type Order = { readonly exhaust: number } | { readonly step: number }

const { DATABASE_URL: connectionString, NAME = 'x', ACTORS = '60', SABOTAGE } = process.env
const CONNECTIONS = 8
const pool = new pg.Pool({ connectionString, max: CONNECTIONS })
pool.on('error', () => {})

async function next(tx: pg.ClientBase, key: string): Promise<number | null> {
  return (await tx.query<{ next: number | null }>(NEXT, [key])).rows[0]?.next ?? null
}

const count = (tx: Pick<pg.ClientBase, 'query'>, key: string): Promise<unknown> =>
  tx.query(COUNT, [key, NAME, shardOf(key, SHARDS)])

const fleet = await postgresFleet({
  pool,
  schema: SCHEMA,
  shards: SHARDS,
  ownerLease: 2_000,
  lease: 4_000,
  timeout: 3_000,
  handler: ({ key, scheduledTime }) =>
    fleet.change(key, async (tx, alarm) => {
      await count(tx, key)
      await tx.query(EARLY, [key, scheduledTime])
      await tx.query(FULFIL, [key])
      const due = await next(tx, key)
      if (due === null) alarm.delete()
      else alarm.set(due)
    }),
})
fleet.health$.subscribe() // what it says passes; an error that nothing listens to would end this process

const random = (most: number): number => Math.floor(Math.random() * most)

async function wish(): Promise<void> {
  const key = `actor ${random(Number(ACTORS))}`
  if (SABOTAGE === 'two-owners' && random(20) === 0) await count(pool, key)
  const id = await fleet.change(key, async (tx, alarm) => {
    await count(tx, key)
    const { rows } = await tx.query<{ id: string }>(WISH, [key, random(3_000)])
    if (SABOTAGE !== 'no-alarm' || random(50) > 0) alarm.set((await next(tx, key)) as number)
    return rows[0]?.id
  })
  console.log(id)
}

/** All connections of the pool are somebody else's for a while. */
async function exhaust(ms: number): Promise<void> {
  const taken = await Promise.allSettled(Array.from({ length: CONNECTIONS }, () => pool.connect()))
  await sleep(ms)
  for (const each of taken) if (each.status === 'fulfilled') each.value.release()
}

const now = Date.now
let stepped = 0
Date.now = () => now() + stepped

process.on('message', (order: Order) => {
  if ('exhaust' in order) void exhaust(order.exhaust)
  else stepped += order.step
})
setInterval(() => {
  wish().catch(() => {}) // another one's, or in the way of a fault
}, 20)
process.once('SIGTERM', () =>
  fleet.close().then(
    () => process.exit(0),
    () => process.exit(1),
  ),
)
