import { postgresStore } from 'nolater/postgres'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { findPooler, type Pooler, startPooler } from './pooler.ts'
import { until, withSchema } from './rig.ts'
import { serverOfFile } from './server.ts'

const HOUR = 3_600_000
const server = serverOfFile()
const program = findPooler()
if (typeof server === 'string' || program === null) {
  describe('nolater/postgres behind PgBouncer', () => {
    it.skip(typeof server === 'string' ? server : 'PgBouncer is not installed (Debian: pgbouncer)', () => {})
  })
} else {
  describe('nolater/postgres behind PgBouncer, which lends a connection for a transaction', {
    timeout: 60_000,
  }, () => {
    let pooler: Pooler
    beforeAll(async () => {
      pooler = await startPooler(program, server.connectionString)
    }, 60_000)
    afterAll(() => pooler?.stop(), 60_000)

    it('delivers what others write, each to one of several processes', ({ expect }) =>
      withSchema(server, async ({ manager, write, deliver }) => {
        const { connectionString } = pooler
        const managers = Array.from({ length: 3 }, () => manager({ connectionString }))
        const writer = manager({ connectionString })
        await writer.ready()
        const all = managers.map((each) => deliver(each, () => [], { concurrency: 5 }))
        const keys = Array.from({ length: 60 }, (_, i) => `k${i}`)
        const due = Date.now() + 200
        await Promise.all(keys.map((key, i) => write(writer, key, due + (i % 10) * 20, 1)))
        await until(() => all.flatMap(({ only }) => only('done')).length >= keys.length)
        const delivered = all.flatMap(({ delivered }) => delivered)
        expect(delivered.map(({ key }) => key).sort()).toEqual(keys.toSorted())
        expect(all.flatMap(({ only }) => only('stalled'))).toEqual([])
      }))

    it('commits the state with the alarm, and lets operators act', ({ expect }) =>
      withSchema(server, async ({ schema, manager, row, deliver }) => {
        const its = manager({ connectionString: pooler.connectionString })
        const stores = await Promise.all(['a', 'b', 'c'].map((key) => postgresStore({ key, manager: its })))
        const table = `"${schema.replaceAll('"', '""')}".job`
        await server.query(`CREATE TABLE ${table} (actor text)`)
        await Promise.all(
          stores.map((store, i) =>
            store.commitWith(async (client) => {
              await client.query(`INSERT INTO ${table} VALUES ($1)`, [`${i}`])
              store.alarm.set(i === 0 ? Date.now() : Date.now() + HOUR)
            }),
          ),
        )
        expect(await server.query(`SELECT FROM ${table}`)).toHaveLength(3)
        expect(await its.pause({ key: 'a' })).toBe(true)
        const { only, delivered } = deliver(its)
        await until(
          () => row('a'),
          (held) => held?.aside !== null && held !== undefined,
        )
        expect(await its.resume({ key: 'a' })).toBe(true)
        await until(() => only('done').length > 0)
        expect(delivered).toMatchObject([{ key: 'a' }])
        expect((await its.stats()).counts).toMatchObject({ pending: 2 })
        for (const store of stores) await store.close()
      }))

    it('goes on to deliver after the server behind it was away', { timeout: 120_000 }, ({ expect }) =>
      withSchema(server, async ({ manager, write, deliver }) => {
        const its = manager({ connectionString: pooler.connectionString })
        const { only, outcome } = deliver(its)
        await write(its, 'before', Date.now(), 1)
        await until(() => only('done').length > 0)
        await server.crash()
        await until(() => only('stalled').length > 1)
        await server.start()
        const writing = async (): Promise<boolean> =>
          (await write(its, 'after', Date.now(), 2).catch(() => 'refused')) === 'done'
        await until(writing)
        await until(() => only('done').length > 1)
        expect(outcome()).toBe('alive')
      }),
    )
  })
}
