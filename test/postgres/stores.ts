import { fork } from 'node:child_process'
import { once } from 'node:events'
import { memoryManager } from 'nolater'
import { type PostgresManager, type PostgresStore, postgresManager, postgresStore } from 'nolater/postgres'
import { EMPTY, firstValueFrom, NEVER, Subject } from 'rxjs'
import { describe, it } from 'vitest'
import { awaitProcess } from '../../examples/processes/await-process.ts'
import { injectedClock } from '../injected-clock.ts'
import { virtualClock } from '../virtual-clock.ts'
import { quoted, settled, until, withSchema } from './rig.ts'
import type { Server } from './server.ts'

const HOUR = 3_600_000

export function describeStores(server: Server): void {
  describe.concurrent('postgresStore', { timeout: 60_000 }, () => {
    const withStores = (
      test: (
        rig: Parameters<Parameters<typeof withSchema>[1]>[0] & {
          open(key?: string, manager?: Parameters<typeof postgresStore>[0]['manager']): Promise<PostgresStore>
          names(): Promise<unknown[]>
          alarmOf(key?: string): Promise<number | null | undefined>
        },
      ) => Promise<void>,
    ) =>
      withSchema(server, async (rig) => {
        const stores: PostgresStore[] = []
        const table = `${quoted(rig.schema)}.job`
        const manager = rig.manager()
        await manager.ready()
        await server.query(
          `CREATE TABLE ${table} (name text UNIQUE DEFERRABLE INITIALLY DEFERRED, actor text)`,
        )
        try {
          await test({
            ...rig,
            manager: () => manager,
            async open(key = '42', its = manager) {
              const way =
                its === manager ? {} : { connectionString: server.connectionString, schema: rig.schema }
              const store = await postgresStore({ key, manager: its, scheduler: injectedClock, ...way })
              stores.push(store)
              return store
            },
            names: async () =>
              (await server.query(`SELECT name FROM ${table} ORDER BY 1`)).map(({ name }) => name),
            async alarmOf(key = '42') {
              const [row] = await server.query<{ alarm: number | null }>(
                `SELECT alarm::float8 FROM ${quoted(rig.schema)}._nolater_actor WHERE key = $1`,
                [key],
              )
              return row?.alarm
            },
          })
        } finally {
          for (const store of stores) await store.close()
        }
      })
    const insert = (schema: string, name: string) =>
      `INSERT INTO ${quoted(schema)}.job (name) VALUES ('${name}')`

    it('commits state and alarm together, the manager first', ({ expect }) =>
      withStores(async ({ schema, open, names, alarmOf, manager, deliver }) => {
        const store = await open()
        const time = Date.now() + 200
        const result = await store.commitWith(async (client) => {
          await client.query(insert(schema, 'tea'))
          store.alarm.set(time)
          expect(store.alarm.time).toBe(time)
          return 'brewing'
        })
        expect(result).toBe('brewing')
        expect(store.alarm.time).toBe(time)
        expect([await names(), await alarmOf()]).toEqual([['tea'], time])
        expect(await manager().get('42')).toBe(time)

        const { only } = deliver(manager(), (delivery) =>
          store.alarm.deliver(delivery, () =>
            store.commitWith(async (client) => void (await client.query(insert(schema, 'drunk')))),
          ),
        )
        await until(() => only('done').length > 0)
        expect([await names(), await alarmOf()]).toEqual([['drunk', 'tea'], null])
        expect(await manager().get('42')).toBeNull()
      }))

    it('has the alarm with the manager before the commit, and nothing if the manager refuses', ({ expect }) =>
      withStores(async ({ schema, open, names, alarmOf }) => {
        const answer$ = new Subject<never>()
        const store = await open('42', { ...memoryManager(), write: () => answer$ })
        const committed = store.commitWith(async (client) => {
          await client.query(insert(schema, 'tea'))
          store.alarm.set(HOUR)
        })
        await until(() => answer$.observed)
        expect([await names(), await alarmOf()]).toEqual([[], null])
        answer$.error(new Error('the manager is away'))
        await expect(committed).rejects.toMatchObject({ code: 'ALARM_PRECOMMIT_FAILED' })
        expect([await names(), await alarmOf()]).toEqual([[], null])
      }))

    it('gives a manager that is not ours as long as a statement, and breaks where an earlier write has not come by then', ({
      expect,
    }) =>
      withSchema(server, async ({ schema }) => {
        const { connectionString } = server
        const clock = virtualClock()
        let isAsked = false
        const write = () => {
          isAsked = true
          return NEVER
        }
        const manager = { ...memoryManager(), write }
        const store = await postgresStore({
          key: '42',
          manager,
          schema,
          connectionString,
          scheduler: clock,
          reconcile: false,
        })
        store.alarm.set(clock.now() + HOUR)
        const confirmed = settled(store.alarm.confirmed())
        await until(() => isAsked)
        await clock.advance(9_999)
        expect(store.alarm.time).toBe(clock.now() - 9_999 + HOUR)
        await clock.advance(1)
        expect(await confirmed).toMatchObject({
          code: 'ALARM_PRECOMMIT_FAILED',
          cause: { code: 'ALARM_TIMEOUT' },
        })
        await store.close()
      }))

    it('keeps neither the state nor the alarm of a function that fails', ({ expect }) =>
      withStores(async ({ schema, open, names, alarmOf, manager }) => {
        const store = await open()
        const fail = (then: string) =>
          store.commitWith(async (client) => {
            await client.query(insert(schema, 'tea'))
            store.alarm.set(HOUR)
            await client.query(then).catch((error) => {
              if (then !== 'no such statement') throw error
            })
            if (then === 'SELECT 1') throw new Error('the function failed')
          })
        await expect(fail('SELECT 1')).rejects.toThrow('the function failed')
        await expect(fail(insert(schema, 'tea'))).rejects.toMatchObject({ code: '23505' }) // when it would be committed
        await expect(fail('no such statement')).rejects.toMatchObject({ code: '25P02' }) // swallowed
        await expect(fail('COMMIT')).rejects.toMatchObject({ code: 'ALARM_TRANSACTION_INVALID' })
        expect(await alarmOf()).toBeNull()
        expect(store.alarm.time).toBeNull()
        expect(await manager().get('42')).toBeNull()
        await store.commitWith(() => store.alarm.set(HOUR))
        expect(await alarmOf()).toBe(HOUR)
        expect(await names()).toEqual(['tea']) // by the COMMIT that was not the store's
      }))

    it('commits the state where the alarm stays, and what an alarm is asked outside', ({ expect }) =>
      withStores(async ({ schema, open, names, alarmOf }) => {
        const store = await open()
        store.alarm.set(HOUR)
        const committed = store.commitWith(async (client) => void (await client.query(insert(schema, 'a'))))
        await Promise.all([committed, firstValueFrom(store.alarm.confirmed())])
        expect([await names(), await alarmOf()]).toEqual([['a'], HOUR])
        await store.commitWith(async (client) => {
          await client.query(insert(schema, 'b'))
          store.alarm.set(HOUR) // the same again
        })
        await store.commitWith(async (client) => void (await client.query(insert(schema, 'c'))))
        expect([await names(), await alarmOf()]).toEqual([['a', 'b', 'c'], HOUR])
        await store.commitWith(() => store.alarm.delete())
        expect(await alarmOf()).toBeNull()
      }))

    it('does one transaction after the other, and refuses one inside of another', ({ expect }) =>
      withStores(async ({ schema, open, names }) => {
        const store = await open()
        let open_ = 0
        let most = 0
        await Promise.all(
          ['a', 'b', 'c', 'd'].map((name, i) =>
            store.commitWith(async (client) => {
              most = Math.max(most, ++open_)
              await client.query(insert(schema, name))
              store.alarm.set(HOUR - i)
              open_--
            }),
          ),
        )
        expect([most, await names(), store.alarm.time]).toEqual([1, ['a', 'b', 'c', 'd'], HOUR - 3])
        await expect(store.commitWith(() => store.commitWith(() => {}))).rejects.toMatchObject({
          code: 'ALARM_TRANSACTION_INVALID',
        })
      }))

    it('does not let two actors wait for each other', ({ expect }) =>
      withStores(async ({ schema, open, names, alarmOf }) => {
        const [a, b] = [await open('a'), await open('b')]
        const release$ = new Subject<void>()
        const slow = a.commitWith(async (client) => {
          await client.query(insert(schema, 'slow'))
          a.alarm.set(HOUR)
          await firstValueFrom(release$)
        })
        await until(() => release$.observed)
        await b.commitWith(async (client) => {
          await client.query(insert(schema, 'quick'))
          b.alarm.set(2 * HOUR)
        })
        expect([await names(), await alarmOf('b'), await alarmOf('a')]).toEqual([['quick'], 2 * HOUR, null])
        release$.next()
        await slow
        expect([await names(), await alarmOf('a')]).toEqual([['quick', 'slow'], HOUR])
      }))

    it('is fenced when its actor was opened again, and nothing is lost', ({ expect }) =>
      withStores(async ({ schema, open, names, alarmOf, manager, deliver }) => {
        const older = await open()
        await older.commitWith(() => older.alarm.set(Date.now() + HOUR))
        const newer = await open()
        expect([newer.epoch, newer.alarm.time]).toEqual([older.epoch + 1, older.alarm.time])
        const time = Date.now() + 300
        await newer.commitWith(() => newer.alarm.set(time))
        const late = older.commitWith(async (client) => {
          await client.query(insert(schema, 'stale'))
          older.alarm.set(Date.now() + 2 * HOUR)
        })
        await expect(late).rejects.toMatchObject({ code: 'ALARM_FENCED' })
        expect(() => older.alarm.time).toThrow(expect.objectContaining({ code: 'ALARM_FENCED' }))
        expect([await names(), await alarmOf(), await manager().get('42')]).toEqual([[], time, time])
        const { only } = deliver(manager(), (delivery) => newer.alarm.deliver(delivery, () => EMPTY))
        await until(() => only('done').length > 0)
      }))

    it('is fenced by an opening of the same epoch, where the database was restored from before its own', ({
      expect,
    }) =>
      withStores(async ({ schema, open, names, alarmOf }) => {
        const older = await open()
        // As a backup holds it: the next opening gets this epoch once more.
        await server.query(`UPDATE ${quoted(schema)}._nolater_actor SET epoch = epoch - 1`)
        const newer = await open()
        expect(newer.epoch).toBe(older.epoch)
        await expect(older.forget()).rejects.toMatchObject({ code: 'ALARM_FENCED' })
        const late = older.commitWith(async (client) => {
          await client.query(insert(schema, 'stale'))
          older.alarm.set(Date.now() + HOUR)
        })
        await expect(late).rejects.toMatchObject({ code: 'ALARM_FENCED' })
        expect(await names()).toEqual([])
        const time = Date.now() + 2 * HOUR
        await newer.commitWith(() => newer.alarm.set(time))
        expect(await alarmOf()).toBe(time)
      }))

    it('is fenced by the manager too, where the stores are not one', ({ expect }) =>
      withStores(async ({ manager, write, open }) => {
        const older = await open()
        await settled(older.alarm.drained())
        await write(manager(), '42', Date.now() + HOUR, 2 ** 40) // before the store was restored, say
        const kinds: string[] = []
        older.alarm.events$.subscribe({ next: ({ kind }) => kinds.push(kind), error() {} })
        const time = Date.now() + HOUR / 2
        await older.commitWith(() => older.alarm.set(time))
        expect(kinds.filter((kind) => kind === 'epoch-raised')).toHaveLength(1)
        expect(await manager().get('42')).toBe(time)
        await write(manager(), '42', Date.now() + HOUR, 2 ** 41) // by an owner of a higher epoch
        const early = older.commitWith(() => older.alarm.set(Date.now() + 1_000))
        await expect(early).rejects.toMatchObject({ code: 'ALARM_FENCED' })
        expect(await manager().get('42')).toBeGreaterThan(Date.now() + HOUR / 2)
      }))

    it('holds what leaves until the transactions before it are durable', ({ expect }) =>
      withStores(async ({ schema, open, names }) => {
        const store = await open()
        const out: unknown[] = []
        const replies$ = new Subject<string>()
        replies$.pipe(store.alarm.holdUntilConfirmed()).subscribe((reply) => out.push(reply))
        replies$.next('before')
        const committed = store.commitWith(async (client) => {
          await client.query(insert(schema, 'tea'))
          replies$.next('inside')
        })
        replies$.next('after')
        expect(out).toEqual(['before'])
        await committed
        expect(await names()).toEqual(['tea'])
        await until(() => out.length === 3)
        expect(out).toEqual(['before', 'after', 'inside'])
      }))

    it('loses nothing when the process that has it is killed in the middle of a transaction', ({ expect }) =>
      withStores(async ({ schema, open, names, alarmOf }) => {
        const child = fork('test/postgres/store-process.ts', [server.connectionString, schema], {
          execArgv: ['--import', './test/run-sources.mjs'],
        })
        await awaitProcess(child, 'that it is in the middle', once(child, 'message'))
        child.kill('SIGKILL')
        const store = await open()
        expect(store.epoch).toBe(2)
        expect([store.alarm.time, await alarmOf(), await names()]).toEqual([5e12, 5e12, ['committed']])
      }))

    it('refuses a delay or seconds for a time, by the machine’s clock, and sets to a delay', ({ expect }) =>
      withStores(async ({ manager, alarmOf }) => {
        const store = await postgresStore({ key: '42', manager: manager() })
        const refused = {
          code: 'ALARM_TIME_INVALID',
          message: expect.stringContaining('Date.now() + 1800000 '),
        }
        expect(() => store.alarm.set(30 * 60_000)).toThrow(expect.objectContaining(refused))
        await expect(store.commitWith(() => store.alarm.set(30 * 60_000))).rejects.toMatchObject(refused)
        expect(await alarmOf()).toBe(null)
        const before = Date.now()
        await store.commitWith(() => store.alarm.setIn(HOUR))
        const within = (await alarmOf())!
        expect(within >= before + HOUR && within <= Date.now() + HOUR).toBe(true)
        store.alarm.setIn(2 * HOUR)
        await settled(store.alarm.confirmed())
        expect((await alarmOf())! >= before + 2 * HOUR).toBe(true)
        expect(() => store.alarm.setIn(-1)).toThrow(expect.objectContaining({ code: 'ALARM_TIME_INVALID' }))
        await store.close()
      }))

    it('closes: what is open is rolled back, and what waits hears of it', ({ expect }) =>
      withStores(async ({ schema, open, names }) => {
        const store = await open()
        const committed = store.commitWith(async (client) => {
          await client.query(insert(schema, 'tea'))
          await new Promise((resolve) => setTimeout(resolve, 50))
        })
        const waiting = store.commitWith(() => {})
        const outcomes = Promise.allSettled([committed, waiting])
        await store.close()
        for (const outcome of await outcomes) {
          expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ALARM_CLOSED' } })
        }
        expect(await names()).toEqual([])
      }))

    const orders: [string, (store: PostgresStore, manager: PostgresManager) => Promise<void>[]][] = [
      ['the store first', (store, manager) => [store.close(), manager.close()]],
      ['the manager first', (store, manager) => [manager.close(), store.close()]],
      [
        'several times, as await using does',
        (store, manager) => [store[Symbol.asyncDispose](), manager[Symbol.asyncDispose](), store.close()],
      ],
    ]
    for (const [what, close] of orders) {
      it(`keeps what was accepted in the very turn in which it is closed: ${what}`, ({ expect }) =>
        withStores(async ({ schema, open, manager: other, alarmOf }) => {
          const manager = postgresManager({ connectionString: server.connectionString, schema })
          const store = await open('42', manager)
          const time = Date.now() + HOUR
          store.alarm.set(time)
          const closed = close(store, manager)
          expect(() => store.alarm.set(time)).toThrow(expect.objectContaining({ code: 'ALARM_CLOSED' }))
          await expect(store.commitWith(() => {})).rejects.toMatchObject({ code: 'ALARM_CLOSED' })
          await Promise.all(closed)
          expect([await alarmOf(), await other().get('42')]).toEqual([time, time])
        }))
    }

    it('names the actor whose manager never answers, after 5 s by the clock of the store', ({ expect }) =>
      withStores(async ({ schema }) => {
        const clock = virtualClock()
        const store = await postgresStore({
          key: '42',
          manager: { ...memoryManager(), write: () => NEVER },
          connectionString: server.connectionString,
          schema,
          scheduler: clock,
        })
        store.alarm.set(5)
        const closed = expect(store.close()).rejects.toMatchObject({
          code: 'ALARM_CLOSE_FAILED',
          keys: ['42'],
        })
        await clock.advance(5_000)
        await closed
      }))

    it('wakes once for nothing an actor whose deletion the manager has acknowledged and lost', ({ expect }) =>
      withStores(async ({ open, manager, deliver }) => {
        const told$ = new Subject<never>()
        const deaf = { ...memoryManager(), write: () => told$ }
        let store = await open('42', deaf)
        const time = Date.now() + 100
        await settled(manager().write('42', time, { key: '42', move: 'earlier', fence: 1, attempt: 1 }))
        await store.commitWith(() => store.alarm.delete())
        told$.complete()
        await store.close()
        expect(await manager().get('42')).toBe(time)
        let runs = 0
        const { only } = deliver(manager(), async (delivery) => {
          store = await postgresStore({ key: '42', manager: manager(), reconcile: false })
          return firstValueFrom(
            store.alarm.deliver(delivery, () => {
              runs++
              return EMPTY
            }),
          )
        })
        await until(() => only('done').length > 0)
        expect([runs, await manager().get('42')]).toEqual([0, null])
        await store.close()
      }))

    it('may lose the row of an actor that is gone when the manager has forgotten it, not before', ({
      expect,
    }) =>
      withStores(async ({ schema, table, open, manager, deliver }) => {
        // As it stands in docs/postgres.md.
        const remove = async () =>
          server.query(
            `DELETE FROM ${quoted(schema)}._nolater_actor AS actor WHERE key = '42' AND alarm IS NULL
             AND NOT EXISTS (SELECT FROM ${table} WHERE id = actor.id) RETURNING epoch`,
          )
        const forget = `UPDATE ${table} SET changed_at = changed_at - 86400001`
        let store = await open()
        const again = async () => {
          await store.close()
          store = await open()
        }
        await again()
        await store.commitWith(() => store.alarm.set(Date.now() + HOUR))
        await store.commitWith(() => store.alarm.delete())
        await settled(store.alarm.drained())
        expect(await remove()).toEqual([])
        await store.close()
        // Its fences begin again below the one that the manager holds, and are raised above it.
        await server.query(`UPDATE ${quoted(schema)}._nolater_actor SET epoch = 0`)
        await again()
        await store.commitWith(() => store.alarm.set(Date.now() + HOUR))
        const { epoch } = store
        await again()
        expect(store.epoch).toBeGreaterThan(epoch + 1)
        await store.commitWith(() => store.alarm.delete())
        await settled(store.alarm.drained())
        await store.close()
        await server.query(forget)
        deliver(manager())
        await until(remove, (removed) => removed.length > 0)
        await again()
        expect(store.epoch).toBe(1)
        const time = Date.now() + HOUR
        await store.commitWith(() => store.alarm.set(time))
        expect(await manager().get('42')).toBe(time)
      }))

    it('refuses options that cannot work', ({ expect }) =>
      withStores(async ({ manager }) => {
        const its = manager()
        const bad = [
          { key: 7, manager: its },
          { key: 'a' },
          { key: 'a', manager: memoryManager() },
          { key: 'a', manager: its, schema: 'another' },
          { key: 'a', manager: its, retry: 7 },
        ]
        for (const options of bad) {
          await expect(postgresStore(options as never), JSON.stringify(options.key)).rejects.toMatchObject({
            code: 'ALARM_CONFIG_INVALID',
          })
        }
        await expect(postgresStore({ key: '\ud800', manager: its })).rejects.toMatchObject({
          code: 'ALARM_KEY_INVALID',
        })
      }))
  })
}
