import { memoryManager } from 'nolater'
import { type PostgresStore, type PostgresStoreOptions, postgresStore } from 'nolater/postgres'
import { defer, EMPTY, NEVER, Subject, throwError } from 'rxjs'
import { describe, it } from 'vitest'
import { fenceOf } from '../../src/vocabulary/fence.ts'
import { injectedClock } from '../injected-clock.ts'
import { quoted, type SchemaRig, settled, until, withSchema } from './rig.ts'
import type { Server } from './server.ts'

const HOUR = 3_600_000
const inUse = { code: 'ALARM_IN_USE', counted: false }
const write = { key: 'a', move: 'earlier', attempt: 1 } as const

interface Rig extends SchemaRig {
  readonly its: ReturnType<typeof memoryManager>
  open(options?: Partial<PostgresStoreOptions>): Promise<PostgresStore>
  rows(): Promise<unknown[]>
  /** as a statement names them */
  readonly actors: string
  readonly version: string
}

export function describeForgetting(server: Server): void {
  const withStores = (test: (rig: Rig) => Promise<void>): Promise<void> =>
    withSchema(server, async (rig) => {
      const { schema } = rig
      const its = memoryManager()
      const stores: PostgresStore[] = []
      const actors = `${quoted(schema)}._nolater_actor`
      try {
        await test({
          ...rig,
          its,
          actors,
          version: `${quoted(schema)}._nolater_version`,
          async open(options = {}) {
            const { connectionString } = server
            const store = await postgresStore({
              key: 'a',
              manager: its,
              schema,
              connectionString,
              scheduler: injectedClock,
              ...options,
            })
            stores.push(store)
            return store
          },
          rows: () => server.query(`SELECT key, epoch, alarm::float8 FROM ${actors} ORDER BY key`),
        })
      } finally {
        for (const store of stores) await store.close().catch(() => {})
      }
    })

  /** Sets an alarm and deletes it again. */
  async function use(store: PostgresStore): Promise<void> {
    await store.commitWith(() => store.alarm.set(Date.now() + HOUR))
    await store.commitWith(() => store.alarm.delete())
    await settled(store.alarm.drained())
  }

  /** Another transaction has the lock that forgetting and opening an actor anew wait for. */
  async function holdLock({ pool, version }: Rig, strength: 'UPDATE' | 'SHARE' = 'UPDATE') {
    const client = await pool({ max: 1 }).connect()
    client.on('error', () => {})
    await client.query('BEGIN')
    await client.query(`SELECT FROM ${version} FOR ${strength}`)
    return {
      query: (text: string) => client.query(text),
      async end(how: 'COMMIT' | 'ROLLBACK') {
        await client.query(how)
        client.release()
      },
    }
  }
  const isWaiting = ({ schema }: Rig) =>
    server
      .query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND position($1 IN query) > 0`, [
        `${quoted(schema)}._nolater_version`,
      ])
      .then((waiting) => waiting.length > 0)

  describe.concurrent('store.forget()', { timeout: 60_000 }, () => {
    it('deletes the row and closes the store; opened again, the actor is a new one, above the fences of before', ({
      expect,
    }) =>
      withStores(async ({ open, rows, its }) => {
        const store = await open()
        await use(store)
        await use(await open({ key: 'b' }))
        await store.forget()
        expect(await rows()).toEqual([{ key: 'b', epoch: 1, alarm: null }])
        expect(() => store.alarm.set(HOUR)).toThrow(expect.objectContaining({ code: 'ALARM_CLOSED' }))
        await expect(store.forget()).rejects.toMatchObject({ code: 'ALARM_CLOSED' })
        await expect(store.commitWith(() => {})).rejects.toMatchObject({ code: 'ALARM_CLOSED' })
        const next = await open()
        expect(next.epoch).toBe(2)
        await use(next)
        expect(its.get('a')).toBeNull()
      }))

    it('begins every key above the highest epoch that was ever forgotten, raised ones included', ({
      expect,
    }) =>
      withStores(async ({ open, actors }) => {
        const low = await open({ key: 'low' })
        for (let i = 1; i <= 3; i++) {
          const store = await open()
          expect(store.epoch).toBe(i)
          await store.forget()
        }
        const store = await open({ key: 'b' })
        expect(store.epoch).toBe(4)
        await server.query(`UPDATE ${actors} SET raised = 70 WHERE key = 'b'`)
        await store.forget()
        await low.forget()
        expect((await open({ key: 'c' })).epoch).toBe(71)
      }))

    it('a zombie of before wins nothing: neither its commit, nor a raise, nor a write of it that lands late', ({
      expect,
    }) =>
      withStores(async ({ open, rows, its }) => {
        const zombie = await open({ manager: { ...its, write: () => EMPTY } })
        await (await open()).forget()
        const next = await open()
        await next.commitWith(() => next.alarm.set(HOUR))
        await expect(zombie.commitWith(() => zombie.alarm.set(5))).rejects.toMatchObject({
          code: 'ALARM_FENCED',
        })
        const late = its.write('a', 9, { ...write, fence: fenceOf(2, 1_000) })
        expect(await settled(late)).toMatchObject({ code: 'ALARM_FENCED' })
        expect(await rows()).toEqual([{ key: 'a', epoch: 3, alarm: HOUR }])
        expect(its.get('a')).toBe(HOUR)
      }))

    it('a zombie whose row is gone cannot commit, and makes no row', ({ expect }) =>
      withStores(async ({ open, rows }) => {
        const zombie = await open()
        await (await open()).forget()
        await expect(zombie.commitWith(() => zombie.alarm.set(5))).rejects.toMatchObject({
          code: 'ALARM_FENCED',
        })
        expect(await rows()).toEqual([])
      }))

    it('is refused, and changes nothing, where the actor was opened again since', ({ expect }) =>
      withStores(async ({ open, rows }) => {
        const store = await open()
        await open()
        await expect(store.forget()).rejects.toMatchObject({ code: 'ALARM_FENCED' })
        expect(await rows()).toEqual([{ key: 'a', epoch: 2, alarm: null }])
      }))

    const refusals: [string, (store: PostgresStore, rig: Rig) => unknown][] = [
      ['an alarm stands', (store) => store.commitWith(() => store.alarm.set(Date.now() + HOUR))],
      [
        'the row alone holds an alarm',
        (_, { actors }) => server.query(`UPDATE ${actors} SET alarm = 5 WHERE key = 'a'`),
      ],
      [
        'the manager alone holds one',
        (_, { its }) => settled(its.write('a', 5, { ...write, fence: fenceOf(1, 9) })),
      ],
      [
        'a transaction is open',
        async (store, { ends }) => {
          const over = new Subject<void>()
          const begun = new Subject<void>()
          const isBegun = new Promise<void>((resolve) => begun.subscribe(resolve))
          const done = store.commitWith(() => {
            begun.next()
            return new Promise<void>((resolve) => over.subscribe(resolve))
          })
          ends.push(() => done)
          await isBegun
          ends.unshift(() => over.next())
        },
      ],
      ['a commit is in flight', (store) => store.alarm.touch()],
      [
        'its handler runs',
        async (store) => {
          store.alarm.set(1)
          await settled(store.alarm.drained())
          store.alarm.deliver({ scheduledTime: 1 }, () => NEVER).subscribe({ error: () => {} })
          store.alarm.delete()
          await settled(store.alarm.drained())
        },
      ],
    ]
    for (const [where, prepare] of refusals) {
      it(`is refused, and changes nothing, where ${where}`, ({ expect }) =>
        withStores(async (rig) => {
          const store = await rig.open()
          await prepare(store, rig)
          await expect(store.forget()).rejects.toMatchObject(inUse)
          expect(await rig.rows()).toMatchObject([{ key: 'a', epoch: 1 }])
          for (const end of rig.ends.splice(0)) await end()
        }))
    }

    it('is refused where the actor is used while the manager is asked, and the store goes on', ({ expect }) =>
      withStores(async ({ open, rows, its }) => {
        let answer = (_: null): void => {}
        const manager = { ...its, get: () => new Promise<null>((resolve) => (answer = resolve)) }
        const store = await open({ manager: manager as never })
        const refused = outcomeOf(store.forget())
        store.alarm.touch()
        answer(null)
        expect(await refused).toBe('ALARM_IN_USE')
        store.alarm.set(HOUR)
        await settled(store.alarm.drained())
        expect(await rows()).toMatchObject([{ epoch: 1, alarm: HOUR }])
      }))

    it('is refused with what broke the alarm', ({ expect }) =>
      withStores(async ({ open, rows, its }) => {
        const away = () => throwError(() => new Error('the manager is away'))
        const store = await open({ manager: { ...its, write: away }, reconcile: false })
        await settled(defer(() => store.commitWith(() => store.alarm.set(5))))
        expect(await outcomeOf(store.forget())).toBe('ALARM_PRECOMMIT_FAILED')
        expect(await rows()).toMatchObject([{ epoch: 1 }])
      }))

    it('takes nothing while the row is being deleted, and goes on where that fails', ({ expect }) =>
      withStores(async (rig) => {
        const store = await rig.open({ timeout: 2_000 })
        const lock = await holdLock(rig)
        const outcome = outcomeOf(store.forget())
        await until(() => isWaiting(rig))
        const refused = outcomeOf((async () => store.alarm.set(HOUR))())
        expect(await outcome).toMatch(/^ALARM_STORAGE_(LOCKED|UNREACHABLE)$/)
        await lock.end('ROLLBACK')
        expect(await refused).toBe('ALARM_CLOSED')
        await use(store)
        await store.forget()
        expect(await rig.rows()).toEqual([])
      }))

    it('gives no epoch twice to an actor that is opened while another process forgets it', ({ expect }) =>
      withStores(async (rig) => {
        await rig.open({ key: 'b' })
        const lock = await holdLock(rig)
        await lock.query(
          `INSERT INTO ${rig.actors} (id, key, epoch) VALUES (sha256('a'::bytea), 'a', 7)`, // opened, and in the very act of being forgotten
        )
        const opening = rig.open()
        await until(() => isWaiting(rig))
        await lock.query(`DELETE FROM ${rig.actors} WHERE key = 'a'`)
        await lock.query(`UPDATE ${rig.version} SET forgotten = 7`)
        await lock.end('COMMIT')
        expect((await opening).epoch).toBe(8)
      }))

    it('does not stand in the way of an actor that is being opened', ({ expect }) =>
      withStores(async (rig) => {
        const store = await rig.open()
        const opening = await holdLock(rig, 'SHARE') // it found no row, and will add one
        const outcome = outcomeOf(store.forget())
        await until(() => isWaiting(rig))
        await opening.query(`UPDATE ${rig.actors} SET epoch = 2`)
        await opening.end('COMMIT')
        expect(await outcome).toBe('ALARM_FENCED')
        expect(await rig.rows()).toMatchObject([{ epoch: 2 }])
      }))

    it('and opening at once never share an epoch', ({ expect }) =>
      withStores(async ({ open }) => {
        for (let i = 0; i < 10; i++) {
          const reconcile = false // whose write comes first is not what is looked at
          const store = await open({ reconcile })
          const outcome = outcomeOf(store.forget())
          const [next, other] = await Promise.all([open({ reconcile }), open({ reconcile })])
          expect(['done', 'ALARM_FENCED']).toContain(await outcome)
          expect(new Set([store.epoch, next.epoch, other.epoch]).size).toBe(3)
          expect(Math.min(next.epoch, other.epoch)).toBeGreaterThan(store.epoch)
          for (const each of [next, other]) await each.close()
        }
      }))
  })
}

const outcomeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'done',
    (error) => error.code,
  )
