import { type PostgresStore, postgresStore } from 'nolater/postgres'
import type pg from 'pg'
import { asyncScheduler, defer, EMPTY, firstValueFrom, NEVER, Subject, throwError, timeout } from 'rxjs'
import { describe, it } from 'vitest'
import { openActorRow } from '../../src/postgres/actor-row.ts'
import { openDatabase } from '../../src/postgres/database.ts'
import { lenderOf } from '../../src/postgres/lent-connections.ts'
import { injectedClock } from '../injected-clock.ts'
import { type VirtualClock, virtualClock } from '../virtual-clock.ts'
import { quoted, type SchemaRig, settled, sleep, until, withSchema } from './rig.ts'
import type { Server } from './server.ts'

const HOUR = 3_600_000
/** ms: long enough that whatever is not held up comes within it on a busy machine, also by the real timers of pg */
const LIMIT = 2_000

/** Lets the limit pass as often as it takes until it has settled: what waits may not have begun to count yet. */
async function pass(scheduler: VirtualClock, settling: Promise<unknown>): Promise<void> {
  let isOver = false
  const over = (): void => {
    isOver = true
  }
  settling.then(over, over)
  await until(async () => {
    await scheduler.advance(LIMIT)
    return isOver
  })
}

const FOR_EVER = new Promise<never>(() => {})

interface HangRig extends SchemaRig {
  /** a table with one row, n */
  readonly thing: string
  n(): Promise<number>
  open(
    options: Partial<Parameters<typeof postgresStore>[0]> &
      Pick<Parameters<typeof postgresStore>[0], 'manager'>,
  ): Promise<PostgresStore>
  /** Locks the row; resolves with what lets it go. */
  lock(): Promise<() => Promise<void>>
}

/** Functions of `commitWith` that hang, and what must not hang with them. */
export function describeHangs(server: Server): void {
  describe.concurrent('postgresStore, when a function hangs', { timeout: 60_000 }, () => {
    const withThing = (test: (rig: HangRig) => Promise<void>) =>
      withSchema(server, async (rig) => {
        const thing = `${quoted(rig.schema)}.thing`
        const stores: PostgresStore[] = []
        await rig.manager().ready()
        await server.query(`CREATE TABLE ${thing} AS SELECT 0 AS n`)
        try {
          await test({
            ...rig,
            thing,
            n: async () => (await server.query<{ n: number }>(`SELECT n FROM ${thing}`))[0]!.n,
            async open(options) {
              const store = await postgresStore({ key: '42', scheduler: injectedClock, ...options })
              stores.push(store)
              return store
            },
            async lock() {
              const client = await rig.pool().connect()
              await client.query(`BEGIN; UPDATE ${thing} SET n = n`)
              return async () => {
                await client.query('ROLLBACK')
                client.release()
              }
            },
          })
        } finally {
          for (const store of stores) await store.close()
        }
      })
    /** The transaction has left nothing behind, not even a lock. */
    const isFree = (thing: string) => server.query(`SELECT n FROM ${thing} FOR UPDATE NOWAIT`)
    const add = (thing: string) => `UPDATE ${thing} SET n = n + 1`
    type Work = (client: pg.ClientBase, thing: string, begun: () => void) => Promise<unknown>

    const hangs: Record<string, Work> = {
      'for something else': async (client, thing, begun) => {
        await client.query(add(thing))
        begun()
        await FOR_EVER
      },
      'for a statement': async (client, thing, begun) => {
        await client.query(add(thing))
        begun()
        await client.query('SELECT pg_sleep(3600)')
      },
    }
    for (const [what, work] of Object.entries(hangs)) {
      it(`rolls back at once what waits ${what} when its store is closed`, ({ expect }) =>
        withThing(async ({ thing, manager, n, open }) => {
          const store = await open({ manager: manager() })
          const begun$ = new Subject<void>()
          const begun = firstValueFrom(begun$)
          const committed = store.commitWith((client) => work(client, thing, () => begun$.next()))
          const queued = store.commitWith(() => store.alarm.set(HOUR))
          const outcomes = Promise.allSettled([committed, queued])
          await begun
          await sleep(20) // the statement after it has arrived
          const closedAt = Date.now()
          await store.close()
          expect(Date.now() - closedAt).toBeLessThan(5_000)
          await isFree(thing)
          for (const outcome of await outcomes) {
            expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ALARM_CLOSED' } })
          }
          expect(await n()).toBe(0)
        }))
    }

    it('rolls back what a handler has open when its lease is over, and goes on with the next delivery', ({
      expect,
    }) =>
      withThing(async ({ thing, n, manager, write, deliver, open }) => {
        const worker = manager({ lease: 2_000 })
        const store = await open({ manager: worker })
        const hung: Promise<unknown>[] = []
        const { only, delivered } = deliver(worker, (delivery) =>
          // A promise cannot be unsubscribed: the store does not hear of the end by the Observable that it gave.
          firstValueFrom(
            store.alarm.deliver(delivery, () =>
              defer(() => {
                const committed = store.commitWith(async (client) => {
                  await client.query(add(thing))
                  if (delivered.length === 1) await FOR_EVER
                  store.alarm.delete()
                })
                hung.push(committed.catch((error) => error))
                return committed
              }),
            ),
          ),
        )
        await store.commitWith(() => store.alarm.set(Date.now()))
        await until(() => hung.length === 1)
        // What is not the handler's only waits for it.
        const other = store.commitWith(async (client) => (await client.query(`SELECT n FROM ${thing}`)).rows)
        await until(() => only('done').length > 0)
        expect(await hung[0]).toMatchObject({ code: 'ALARM_CLOSED', counted: false })
        expect(await other).toEqual([{ n: 0 }])
        expect([delivered.length, only('expired').length, await n()]).toEqual([2, 1, 1])
        expect(await write(worker, 'another', HOUR, 1)).toBe('done')
      }))

    it('rolls back what `abandon` has open when its lease is over', ({ expect }) =>
      withThing(async ({ thing, manager, write, deliver, open }) => {
        const worker = manager({ lease: 2_000 })
        const store = await open({ manager: worker })
        let hung: Promise<unknown> | undefined
        const last = throwError(() => Object.assign(new Error('as the test wants'), { retry: false }))
        deliver(worker, () => last, {
          async abandon() {
            if (hung !== undefined) return null
            hung = store.commitWith(async (client) => {
              await client.query(add(thing))
              await FOR_EVER
            })
            await hung
            return null
          },
        })
        await write(worker, 'another', Date.now(), 1)
        await until(() => hung !== undefined)
        await expect(hung).rejects.toMatchObject({ code: 'ALARM_CLOSED' })
        await isFree(thing)
      }))

    it('rolls back what a handler has open when deliveries are unsubscribed, and nothing that is not its own', ({
      expect,
    }) =>
      withThing(async ({ thing, manager, deliver, open }) => {
        const worker = manager()
        const [store, other] = [
          await open({ manager: worker }),
          await open({ manager: worker, key: 'other' }),
        ]
        let hung: Promise<unknown> | undefined
        const stop = deliver(worker, (delivery) =>
          store.alarm.deliver(delivery, () => {
            hung = store.commitWith((client) => hangs['for a statement']!(client, thing, () => begun$.next()))
            return hung
          }),
        ).stop
        const begun$ = new Subject<void>()
        const begun = firstValueFrom(begun$)
        const release$ = new Subject<void>()
        const others = other.commitWith(async () => {
          await firstValueFrom(release$)
          other.alarm.set(HOUR)
        })
        await store.commitWith(() => store.alarm.set(Date.now()))
        await begun
        stop()
        await expect(hung).rejects.toMatchObject({ code: 'ALARM_CLOSED' })
        await isFree(thing)
        release$.next()
        await others
        expect(other.alarm.time).toBe(HOUR)
        await store.commitWith((client) => client.query(add(thing)))
      }))

    it('rolls back what a handler that has failed leaves open, not what one leaves that has succeeded', ({
      expect,
    }) =>
      withThing(async ({ thing, manager, n, open }) => {
        const store = await open({ manager: manager() })
        const release$ = new Subject<void>()
        const wakeup = { scheduledTime: 0 }
        let left: Promise<unknown> = FOR_EVER
        const leave = (released: Promise<void>) => {
          left = store.commitWith(async (client) => {
            await client.query(add(thing))
            await released
          })
          left.catch(() => {})
        }
        const slow = store.alarm.deliver(wakeup, () => {
          leave(FOR_EVER)
          return NEVER.pipe(timeout(20))
        })
        store.alarm.set(0)
        await expect(firstValueFrom(slow)).rejects.toThrow('Timeout')
        await expect(left).rejects.toMatchObject({ code: 'ALARM_CLOSED' })
        await firstValueFrom(
          store.alarm.deliver(wakeup, () => {
            leave(firstValueFrom(release$))
            return EMPTY
          }),
        )
        release$.next()
        await left
        expect(await n()).toBe(1)
      }))

    it('lets nothing of a function that was rolled back reach the alarm', ({ expect }) =>
      withThing(async ({ manager, open }) => {
        const store = await open({ manager: manager() })
        const goOn$ = new Subject<void>()
        const goneOn: unknown[] = []
        const goOn = async () => {
          await firstValueFrom(goOn$)
          try {
            store.alarm.set(HOUR)
          } catch (error) {
            goneOn.push(error)
          }
        }
        const failed = store.commitWith(() =>
          Promise.all([goOn(), throwError(() => new Error('as the test wants')).forEach(() => {})]),
        )
        await expect(failed).rejects.toThrow('as the test wants')
        goOn$.next()
        await until(() => goneOn.length > 0)
        expect(goneOn).toMatchObject([{ message: 'as the test wants' }])
        expect(store.alarm.time).toBeNull()
      }))

    it('says within `timeout` who holds the connections, and goes on when there is one', ({ expect }) =>
      withThing(async ({ manager, pool, open, deliver }) => {
        const scheduler = virtualClock(Date.now())
        const its = manager({ pool: pool({ max: 3 }), timeout: LIMIT })
        const [a, b] = [
          await open({ manager: its, scheduler }),
          await open({ manager: its, key: 'b', scheduler }),
        ]
        const begun$ = new Subject<void>()
        const begun = firstValueFrom(begun$)
        const hung = a.commitWith(() => {
          begun$.next()
          return FOR_EVER
        })
        hung.catch(() => {})
        await begun
        const waiting = b.commitWith(() => {})
        await pass(scheduler, waiting)
        await expect(waiting).rejects.toMatchObject({ code: 'ALARM_STORAGE_UNREACHABLE', counted: false })
        const { message } = (await waiting.catch((error) => error)) as Error
        const [, age] =
          /Of the 1 connections that transactions may have, 1 are held, the oldest for (\d+) ms/.exec(
            message,
          ) ?? []
        expect(Number(age)).toBeGreaterThanOrEqual(LIMIT)
        let isInLine = false
        const { only } = deliver(its, (delivery) =>
          b.alarm.deliver(delivery, () => {
            const committed = b.commitWith(() => b.alarm.delete())
            isInLine = true
            return committed
          }),
        )
        b.alarm.set(Date.now())
        await until(() => isInLine)
        await until(async () => {
          await scheduler.advance(LIMIT)
          return only('failed').length > 0
        })
        expect(only('failed')).toMatchObject([{ counted: false }])
        const closing = a.close()
        await pass(scheduler, closing) // the server may still be at work for its connection
        await closing
        const time = Date.now() + HOUR
        await b.commitWith(() => b.alarm.set(time))
        expect(b.alarm.time).toBe(time)
      }))

    it('is closed at once while it waits for a connection, and its function never begins', ({ expect }) =>
      withThing(async ({ manager, pool, open }) => {
        const shared = pool({ max: 3 })
        const its = manager({ pool: shared })
        const [a, b] = [await open({ manager: its }), await open({ manager: its, key: 'b' })]
        const begun$ = new Subject<void>()
        const begun = firstValueFrom(begun$)
        const hung = a.commitWith(() => {
          begun$.next()
          return FOR_EVER
        })
        await begun
        const called: string[] = []
        const waiting = b.commitWith(() => called.push('b'))
        await new Promise(setImmediate) // it stands in line
        const closedAt = Date.now()
        const outcomes = Promise.allSettled([hung, waiting])
        await b.close()
        expect(Date.now() - closedAt).toBeLessThan(5_000)
        await a.close()
        for (const outcome of await outcomes)
          expect(outcome).toMatchObject({ reason: { code: 'ALARM_CLOSED' } })
        // This one has a connection, and is just about to begin.
        const c = await open({ manager: its, key: 'c' })
        let closing: Promise<void> | undefined
        shared.on('acquire', (client) => {
          const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>
          client.query = (async (config: { text?: string }, ...rest: unknown[]) => {
            const result = await query(config, ...rest)
            if (config.text?.includes('nolater.turn')) closing ??= c.close()
            return result
          }) as unknown as typeof client.query
        })
        await expect(c.commitWith(() => called.push('c'))).rejects.toMatchObject({ code: 'ALARM_CLOSED' })
        await closing
        expect(called).toEqual([])
      }))

    it('says so too where the connections are taken by others', ({ expect }) =>
      withThing(async ({ manager, pool, open }) => {
        const shared = pool({ max: 3 })
        const scheduler = virtualClock()
        const store = await open({ manager: manager({ pool: shared, timeout: LIMIT }), scheduler })
        await firstValueFrom(store.alarm.drained())
        const taken = await Promise.all([shared.connect(), shared.connect(), shared.connect()])
        const waiting = store.commitWith(() => {})
        await pass(scheduler, waiting)
        await expect(waiting).rejects.toThrow(/0 are held/)
        for (const client of taken) client.release()
        await until(() => shared.idleCount === 3) // what came too late was given back
        await store.commitWith(() => {})
      }))

    it('says so of a write and of an opening, too, and works when there is one again', ({ expect }) =>
      withSchema(server, async ({ manager, pool, write }) => {
        const shared = pool({ max: 3 })
        const scheduler = virtualClock()
        const [first, second] = [
          manager({ pool: shared, scheduler }),
          manager({ pool: shared, scheduler, timeout: 60_000 }),
        ]
        await first.ready()
        const taken = await Promise.all([shared.connect(), shared.connect(), shared.connect()])
        const outcomes = [write(first, 'a', HOUR, 1), second.ready().catch((error) => error)]
        await until(() => shared.waitingCount === 2)
        await scheduler.advance(10_000)
        for (const outcome of await Promise.all(outcomes))
          expect(outcome).toMatchObject({ code: 'ALARM_STORAGE_UNREACHABLE', counted: false })
        for (const client of taken) client.release()
        expect(await write(first, 'a', HOUR, 2)).toBe('done')
        await second.ready()
        await until(() => shared.idleCount === shared.totalCount)
      }))

    const lockedTables = {
      'of another process that makes them': (schema: string) =>
        `SELECT pg_advisory_xact_lock(hashtextextended('nolater ${quoted(schema)}', 0))`,
      'on those of the engine': (schema: string) =>
        `CREATE SCHEMA ${quoted(schema)}; CREATE TABLE ${quoted(schema)}.migrations (id int PRIMARY KEY)`,
    }
    for (const [whose, lock] of Object.entries(lockedTables)) {
      it(`does not wait without a limit for tables behind a lock ${whose}`, ({ expect }) =>
        withSchema(server, async ({ schema, manager, pool }) => {
          const [other, shared] = [await pool().connect(), pool({ max: 3 })]
          const { rows } = await other.query('SELECT pg_backend_pid() AS pid')
          await other.query(`BEGIN; ${lock(schema)}`)
          const scheduler = virtualClock()
          const locked = manager({ pool: shared, scheduler })
          const opening = locked.ready()
          opening.catch(() => {})
          const blocked = `SELECT pid FROM pg_stat_activity WHERE ${rows[0].pid} = ANY (pg_blocking_pids(pid))`
          await until(async () => (await server.query(blocked)).length > 0)
          await scheduler.advance(60_000)
          await until(() => shared.totalCount === 0)
          await expect(opening).rejects.toMatchObject({ code: 'ALARM_STORAGE_UNREACHABLE', counted: false })
          await expect(opening).rejects.toThrow('within 60000 ms')
          await other.query('ROLLBACK')
          other.release()
          await locked.ready()
        }))
    }

    it('gives up a lock that is not granted, not a statement that takes its time', ({ expect }) =>
      withThing(async ({ thing, manager, n, open, lock }) => {
        const store = await open({ manager: manager({ timeout: LIMIT }) })
        await store.commitWith((client) => client.query('SELECT pg_sleep(2.2)'))
        const unlock = await lock()
        await expect(store.commitWith((client) => client.query(add(thing)))).rejects.toMatchObject({
          code: 'ALARM_STORAGE_LOCKED',
          counted: false,
          cause: { code: '55P03' },
        })
        // It is the function's to say that it has more patience.
        const patient = store.commitWith(async (client) => {
          await client.query('SET LOCAL lock_timeout = 0')
          await client.query(add(thing))
        })
        await sleep(LIMIT + 200)
        await unlock()
        await patient
        expect(await n()).toBe(1)
      }))

    it('leaves the lock_timeout of a role or a pool as it is', ({ expect }) =>
      withThing(async ({ manager, pool, open }) => {
        const its = pool({ lock_timeout: 1_234 })
        const store = await open({ manager: manager({ pool: its, timeout: LIMIT }) })
        const { rows } = await store.commitWith((client) => client.query('SHOW lock_timeout'))
        expect(rows).toEqual([{ lock_timeout: '1234ms' }])
      }))

    it('tells who waits inside for what comes after it, and keeps those who only listen', ({ expect }) =>
      withThing(async ({ manager, open }) => {
        const store = await open({ manager: manager({ timeout: LIMIT }) })
        for (const wait of ['confirmed', 'drained'] as const) {
          const waiting = store.commitWith(async () => {
            store.alarm.set(HOUR)
            await firstValueFrom(store.alarm[wait]())
          })
          await expect(waiting).rejects.toMatchObject({ code: 'ALARM_TRANSACTION_INVALID', counted: false })
        }
        expect(store.alarm.time).toBeNull()
        let listening: Promise<void> = FOR_EVER
        const asked$ = new Subject<void>()
        const committed = store.commitWith(async () => {
          await firstValueFrom(asked$)
          listening = firstValueFrom(store.alarm.confirmed()) // of the next one, too
        })
        await until(() => asked$.observed)
        const slow = store.commitWith((client) => client.query('SELECT pg_sleep(2.2)'))
        asked$.next()
        await committed
        await listening
        await slow
      }))

    it('ends with its manager, which gives it `timeout` to end by itself', ({ expect }) =>
      withThing(async ({ thing, manager, n, open }) => {
        const scheduler = virtualClock()
        const its = manager({ timeout: LIMIT, scheduler })
        const [quick, slow] = [await open({ manager: its }), await open({ manager: its, key: 'slow' })]
        const begun$ = new Subject<void>()
        const begun = firstValueFrom(begun$)
        const hung = slow.commitWith((client) =>
          hangs['for a statement']!(client, thing, () => begun$.next()),
        )
        hung.catch(() => {})
        await begun
        const committed = quick.commitWith(
          async (client) => (await client.query('SELECT pg_sleep(0.1)')).rowCount,
        )
        await new Promise(setImmediate) // it has its place
        const closing = its.close()
        expect(await committed).toBe(1)
        // What the stores have accepted is brought through first, which takes as long as it takes.
        await until(() =>
          quick
            .commitWith(() => {})
            .then(
              () => false,
              () => true,
            ),
        )
        let isCalled = false
        const late = quick.commitWith(() => {
          isCalled = true
        })
        await expect(late).rejects.toMatchObject({ code: 'ALARM_CLOSED' })
        expect(isCalled).toBe(false)
        await pass(scheduler, closing)
        await expect(hung).rejects.toMatchObject({ code: 'ALARM_CLOSED' })
        await isFree(thing)
        expect(await n()).toBe(0)
      }))

    it('gives up a commit that is not answered, which breaks the alarm, and the connection', ({ expect }) =>
      withThing(async ({ thing, manager, pool, n, open }) => {
        const deaf = pool({ max: 3 })
        const its = manager({ pool: deaf, timeout: LIMIT })
        const [store, other] = [await open({ manager: its }), await open({ manager: its, key: 'other' })]
        for (const { alarm } of [store, other]) await settled(alarm.drained())
        let unanswered = 'COMMIT'
        deaf.on('acquire', (client) => {
          const query = client.query.bind(client) as (...args: unknown[]) => unknown
          client.query = ((config: { text?: string }, ...rest: unknown[]) =>
            query(
              config.text?.startsWith(unanswered)
                ? { ...config, text: 'SELECT pg_sleep(3600)', values: [] }
                : config,
              ...rest,
            )) as typeof client.query
        })
        await expect(store.commitWith((client) => client.query(add(thing)))).rejects.toMatchObject({
          code: 'ALARM_COMMIT_FAILED',
          cause: { code: 'ALARM_STORAGE_UNREACHABLE' },
        })
        expect(() => store.alarm.time).toThrow(expect.objectContaining({ code: 'ALARM_COMMIT_FAILED' }))
        await isFree(thing)
        expect(await n()).toBe(0)

        unanswered = 'UPDATE' // of an alarm alone
        other.alarm.set(HOUR)
        expect(await settled(other.alarm.confirmed())).toMatchObject({ code: 'ALARM_COMMIT_FAILED' })
        await Promise.all(Array.from({ length: 3 }, () => deaf.query('SELECT 1')))
      }))

    it("is ended by its beginning, too: its process may have ended, and its number be another one's", ({
      expect,
    }) =>
      withThing(async ({ schema }) => {
        const db = openDatabase({ connectionString: server.connectionString, schema })
        const lender = lenderOf(db, asyncScheduler)
        const another = await (await db.pool()).connect()
        await another.query('BEGIN')
        const { rows } = await another.query('SELECT pg_backend_pid() AS pid')
        const lent = await lender.forStatement()
        await lent.end({ pid: rows[0].pid, since: new Date(0).toISOString() })
        expect((await another.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
        another.release(true)
        await db.close()
      }))

    it('ends with its connection', ({ expect }) =>
      withThing(async ({ manager, open }) => {
        const store = await open({ manager: manager() })
        const heard = () => store.commitWith((client) => client.listenerCount('end'))
        expect(await heard()).toBe(await heard())
        let pid = 0
        const hung = store.commitWith(async (client) => {
          pid = (await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid
          await FOR_EVER
        })
        hung.catch(() => {})
        await until(() => pid > 0)
        await server.query('SELECT pg_terminate_backend($1)', [pid])
        await expect(hung).rejects.toMatchObject({ code: 'ALARM_STORAGE_UNREACHABLE' })
        await store.commitWith(() => {})
      }))

    it('begins nothing for a handler whose delivery is over', ({ expect }) =>
      withThing(async ({ manager, open, thing, n }) => {
        const store = await open({ manager: manager() })
        const at = Date.now() + HOUR
        await store.commitWith(async () => store.alarm.set(at))
        const goOn = new Subject<void>()
        let late: Promise<unknown> | null = null
        const handler = async () => {
          await firstValueFrom(goOn, { defaultValue: null })
          late = store.commitWith((client) => client.query(add(thing)))
          await late.catch(() => {})
        }
        store.alarm.deliver({ scheduledTime: at }, handler).subscribe().unsubscribe()
        goOn.complete()
        await until(() => late !== null)
        await expect(late).rejects.toMatchObject({ code: 'ALARM_CLOSED', counted: false })
        expect(await n()).toBe(0)
        expect(await store.commitWith(async () => 'the next')).toBe('the next')
      }))

    it('sends nothing of a function that is over, whoever has its connection now', ({ expect }) =>
      withThing(async ({ manager, open, thing, n }) => {
        const store = await open({ manager: manager() })
        for (const end of [async () => {}, () => Promise.reject(new Error('no'))]) {
          const goOn = new Subject<void>()
          let stray: Promise<unknown> | null = null
          const committed = store.commitWith((client) => {
            stray = firstValueFrom(goOn, { defaultValue: null }).then(() => client.query(add(thing)))
            return end()
          })
          await committed.catch(() => {})
          goOn.complete()
          await expect(stray).rejects.toMatchObject({ code: 'ALARM_TRANSACTION_INVALID' })
        }
        expect(await n()).toBe(0)
      }))

    it('does not take a commit for done that the server answers with a rollback', ({ expect }) =>
      withThing(async ({ schema }) => {
        const db = openDatabase({ connectionString: server.connectionString, schema })
        const row = await openActorRow(db, 'of nobody')
        const answering = (command: string) => ({ query: async () => ({ command, rows: [] }) }) as never
        await expect(row.commit(answering('ROLLBACK'))).rejects.toThrow('ROLLBACK')
        await expect(row.commit(answering('COMMIT'))).resolves.toBe(undefined)
        await db.close()
      }))

    it('is not taken for a handler that its manager calls in the context of who wrote last', ({ expect }) =>
      withThing(async ({ manager, open }) => {
        const store = await open({ manager: manager() })
        store.alarm.set(0)
        let delivered: Promise<unknown> = FOR_EVER
        await store.commitWith((client) => {
          delivered = firstValueFrom(
            store.alarm.deliver({ scheduledTime: 0 }, () => store.commitWith(() => store.alarm.delete())),
          )
          return client.query('SELECT 1')
        })
        expect(await delivered).toMatchObject({ kind: 'ran' })
      }))
  })
}
