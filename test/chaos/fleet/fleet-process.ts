// One process of a fleet that is troubled: it changes actors that it owns, and fulfils what they wish. Prints the ids of wishes that are durable.
import { postgresFleet } from 'nolater/postgres'
import pg from 'pg'
import { COUNT, FULFIL, NEXT, SCHEMA, WISH } from './tables.ts'

const { DATABASE_URL: connectionString, NAME = 'x', ACTORS = '60', SABOTAGE } = process.env
const pool = new pg.Pool({ connectionString, max: 8 })
pool.on('error', () => {})

async function next(tx: pg.ClientBase, key: string): Promise<number | null> {
  return (await tx.query<{ next: number | null }>(NEXT, [key])).rows[0]?.next ?? null
}

const fleet = await postgresFleet({
  pool,
  schema: SCHEMA,
  shards: 64,
  ownerLease: 2_000,
  lease: 4_000,
  timeout: 3_000,
  handler: ({ key }) =>
    fleet.change(key, async (tx, alarm) => {
      await tx.query(COUNT, [key, NAME])
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
  const id = await fleet.change(key, async (tx, alarm) => {
    await tx.query(COUNT, [key, NAME])
    const { rows } = await tx.query<{ id: string }>(WISH, [key, random(3_000)])
    if (SABOTAGE !== 'no-alarm' || random(50) > 0) alarm.set((await next(tx, key)) as number)
    return rows[0]?.id
  })
  console.log(id)
}

setInterval(() => {
  wish().catch(() => {}) // another one's, or in the way of a fault
}, 20)
process.once('SIGTERM', () =>
  fleet.close().then(
    () => process.exit(0),
    () => process.exit(1),
  ),
)
