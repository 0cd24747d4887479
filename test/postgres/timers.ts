import { type PostgresStore, postgresStore } from 'nolater/postgres'
import { describe, it } from 'vitest'
import { injectedClock } from '../injected-clock.ts'
import { quoted, type SchemaRig, until, withSchema } from './rig.ts'
import type { Server } from './server.ts'

const HOUR = 3_600_000
const FAR = 4_000_000_000_000

interface Rig extends SchemaRig {
  open(): Promise<PostgresStore>
  /** the alarm in the actor's row, and the timers beside it */
  durable(): Promise<[alarm: number | null | undefined, timers: string[]]>
  jobs(): Promise<string[]>
  insert(name: string): string
}

export function describeTimers(server: Server): void {
  const withTimers = (test: (rig: Rig) => Promise<void>) =>
    withSchema(server, async (rig) => {
      const stores: PostgresStore[] = []
      const manager = rig.manager()
      await manager.ready()
      const schema = quoted(rig.schema)
      await server.query(`CREATE TABLE ${schema}.job (name text)`)
      try {
        await test({
          ...rig,
          manager: () => manager,
          async open() {
            const store = await postgresStore({ key: '42', manager, scheduler: injectedClock })
            stores.push(store)
            return store
          },
          async durable() {
            const [actor] = await server.query<{ alarm: number | null }>(
              `SELECT alarm::float8 FROM ${schema}._nolater_actor`,
            )
            const rows = await server.query<{ name: string; due: number | null }>(
              `SELECT name, due::float8 FROM ${schema}._nolater_timer ORDER BY due, serial`,
            )
            return [actor?.alarm, rows.map(({ name, due }) => `${name} ${due}`)]
          },
          jobs: async () =>
            (await server.query<{ name: string }>(`SELECT name FROM ${schema}.job ORDER BY 1`)).map(
              ({ name }) => name,
            ),
          insert: (name) => `INSERT INTO ${schema}.job VALUES ('${name}')`,
        })
      } finally {
        for (const store of stores) await store.close()
      }
    })

  describe.concurrent('timers of postgresStore', { timeout: 60_000 }, () => {
    it('keep the alarm at the earliest of them, in one transaction with the state', ({ expect }) =>
      withTimers(async ({ open, durable, jobs, insert, manager }) => {
        const store = await open()
        await store.commitWith(async (client) => {
          await client.query(insert('tea'))
          await store.timers.set('b', FAR + 20, { payload: { to: ['b'] } })
          await store.timers.set('a\0\\', FAR + 10)
          expect(await store.timers.get('b')).toBe(FAR + 20)
        })
        expect(await durable()).toEqual([FAR + 10, [`a\\0\\\\ ${FAR + 10}`, `b ${FAR + 20}`]])
        expect([await manager().get('42'), await jobs()]).toEqual([FAR + 10, ['tea']])
        expect(await store.timers.delete('a\0\\')).toBe(true)
        expect(await store.timers.delete('a\0\\')).toBe(false)
        expect((await durable())[0]).toBe(FAR + 20)
        const undone = store.commitWith(async () => {
          await store.timers.set('c', FAR)
          throw new Error('undo')
        })
        await expect(undone).rejects.toThrow('undo')
        expect(await durable()).toEqual([FAR + 20, [`b ${FAR + 20}`]])
        expect(await store.timers.read('b')).toMatchObject({
          id: '1',
          payload: { to: ['b'] },
          state: 'pending',
        })
        await expect(store.timers.set('x', FAR, { payload: () => {} })).rejects.toMatchObject({
          code: 'ALARM_VALUE_INVALID',
        })
        await expect(store.timers.set('x', 0.5)).rejects.toMatchObject({ code: 'ALARM_TIME_INVALID' })
      }))

    it('are listed by name and by time, page by page, and deleted by prefix', ({ expect }) =>
      withTimers(async ({ open }) => {
        const { timers, commitWith } = await open()
        const names = ['a/1', 'a_2', 'b', 'B', '\u{1f600}', '\ufffd']
        await commitWith(async () => {
          for (const [i, name] of names.entries()) await timers.set(name, FAR - i)
        })
        const sorted = ['B', 'a/1', 'a_2', 'b', '\ufffd', '\u{1f600}']
        for (const [by, all] of [
          ['name', sorted],
          ['time', names.toReversed()],
        ] as const) {
          const paged: string[] = []
          for (let page = await timers.list({ by, limit: 4 }); page.length > 0; ) {
            paged.push(...page.map(({ name }) => name))
            page = await timers.list({ by, limit: 4, after: page.at(-1)! })
          }
          expect(paged).toEqual(all)
        }
        expect(await timers.deleteAll('a')).toBe(2)
        expect((await timers.list({ prefix: 'b' })).map(({ name }) => name)).toEqual(['b'])
      }))

    it('are handled in the transaction in which they end, one by one; then the next is the alarm', ({
      expect,
    }) =>
      withTimers(async ({ open, durable, jobs, insert, manager, deliver }) => {
        const store = await open()
        const now = Date.now()
        await store.commitWith(async () => {
          await store.timers.set('later', FAR)
          await store.timers.set('b', now + 2)
          await store.timers.set('a', now + 1)
        })
        const seen: string[] = []
        deliver(manager(), (delivery) =>
          store.timers.deliver(delivery, async ({ name, id }, client) => {
            seen.push(`${name} ${id}`)
            await client.query(insert(name))
          }),
        )
        await until(async () => (await durable())[0] === FAR)
        expect([seen, await jobs(), (await durable())[1]]).toEqual([
          ['a 3', 'b 2'],
          ['a', 'b'],
          [`later ${FAR}`],
        ])
        await until(async () => (await manager().get('42')) === FAR)
      }))

    it('are rolled back with what their handler did where it fails, back off, and are kept as failed', ({
      expect,
    }) =>
      withTimers(async ({ open, durable, jobs, insert, manager, deliver }) => {
        const store = await open()
        const now = Date.now()
        await store.commitWith(async () => {
          await store.timers.set('bad', now)
          await store.timers.set('worse', now)
          await store.timers.set('good', now + 1)
        })
        let isWell = false
        deliver(manager(), (delivery) =>
          store.timers.deliver(delivery, async ({ name }, client) => {
            await client.query(insert(name))
            if (name === 'bad' && !isWell) throw Object.assign(new Error('no'), { retry: false })
            if (name === 'worse') throw new Error('not now')
          }),
        )
        await until(async () => (await store.timers.list({ state: 'failed' })).length === 1)
        await until(async () => (await store.timers.get('good')) === null)
        expect(await jobs()).toEqual(['good'])
        const worse = await store.timers.read('worse')
        expect(worse).toMatchObject({ state: 'backing-off', failures: 1, lastError: { message: 'not now' } })
        await until(async () => (await durable())[0] === worse!.due)
        isWell = true
        expect([await store.timers.discard('worse'), await store.timers.retry('bad')]).toEqual([false, true])
        await until(async () => (await store.timers.read('bad')) === null)
        expect(await jobs()).toEqual(['bad', 'good'])
      }))

    it('are handled in one batch, in one transaction', ({ expect }) =>
      withTimers(async ({ open, durable, jobs, insert }) => {
        const store = await open()
        await store.commitWith(async () => {
          for (let i = 0; i < 300; i++) await store.timers.set(`t${i}`, 10)
          await store.timers.set('later', FAR)
        })
        const outcome = await store.timers.deliverBatch({ scheduledTime: 10 }, async (all, client) => {
          await client.query(insert(`${all.length}`))
        })
        expect(outcome).toMatchObject({ kind: 'ran' })
        expect([await jobs(), await durable()]).toEqual([['300'], [FAR, [`later ${FAR}`]]])
      }))

    it('put the alarm right as the store is opened, and go on with the ids', ({ expect }) =>
      withTimers(async ({ open, durable, schema, manager }) => {
        const first = await open()
        await first.timers.set('a', FAR)
        await first.close()
        await server.query(`UPDATE ${quoted(schema)}._nolater_actor SET alarm = ${FAR + HOUR}`)
        const second = await open()
        await second.alarm.drained()
        expect([(await durable())[0], await manager().get('42')]).toEqual([FAR, FAR])
        await second.timers.set('a', FAR + 1)
        expect((await second.timers.read('a'))?.id).toBe('2')
        await second.timers.delete('a')
        await second.alarm.drained()
        await second.forget()
        expect(await server.query(`SELECT 1 FROM ${quoted(schema)}._nolater_timer_sets`)).toEqual([])
      }))

    it('come again, are paused and resumed', ({ expect }) =>
      withTimers(async ({ open, jobs, insert, manager, deliver, durable }) => {
        const store = await open()
        const plan = { interval: 50, catchUp: 'all' } as const
        await store.timers.every('tick', plan)
        const first = await store.timers.get('tick')
        await store.timers.every('tick', plan)
        expect(await store.timers.get('tick')).toBe(first)
        deliver(manager(), (delivery) =>
          store.timers.deliver(delivery, async ({ scheduledTime }, client) => {
            await client.query(insert(`${scheduledTime - first!}`))
          }),
        )
        await until(async () => (await jobs()).length >= 3)
        expect(await store.timers.pause('tick')).toBe(true)
        await until(async () => (await durable())[0] === null)
        const done = (await jobs()).map(Number).sort((a, b) => a - b)
        expect(done).toEqual(done.map((_, i) => i * 50))
        expect((await store.timers.upcoming('tick', 2)).length).toBe(2)
        expect(await store.timers.resume('tick')).toBe(true)
        await until(async () => (await jobs()).length > done.length)
        await store.timers.every('report', { cron: '0 9 * * *', timeZone: 'Europe/Berlin' })
        expect(await store.timers.read('report')).toMatchObject({ series: { cron: '0 9 * * *' } })
      }))
  })
}
