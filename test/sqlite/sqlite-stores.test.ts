import { DatabaseSync } from 'node:sqlite'
import {
  EMPTY,
  from,
  lastValueFrom,
  type Observable,
  of,
  Subject,
  takeWhile,
  throwError,
  toArray,
} from 'rxjs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  type Alarm,
  type AlarmManager,
  type Fleet,
  type FleetConfig,
  type KeyedEvent,
  type KeyedIntent,
  keepAlarms,
  memoryManager,
  openFleet,
  setAlarm,
} from '../../src/index.ts'
import { type SqliteStores, sqliteManager, sqliteStore, sqliteStores } from '../../src/sqlite/index.ts'
import { outcome } from '../fleet/rig.ts'
import { injectedClock } from '../injected-clock.ts'
import { turns } from '../virtual-clock.ts'
import { newFile, newManager } from './files.ts'

let opened: { close(): Promise<void> }[] = []
afterEach(() => {
  for (const one of opened.reverse()) one.close().catch(() => {}) // its manager may be one that does not answer
  opened = []
})

/** What a stranger sees in the file. */
function look(file: string, sql = 'SELECT key, epoch, alarm FROM _nolater_actors ORDER BY key'): unknown[] {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    return db
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }))
  } finally {
    db.close()
  }
}

function rig(options: { manager?: AlarmManager; file?: string; config?: Partial<FleetConfig> } = {}) {
  const file = options.file ?? newFile()
  const manager = options.manager ?? newManager()
  const stores = sqliteStores({ file, manager })
  const fleet = openFleet({ ...stores, scheduler: injectedClock, ...options.config })
  opened.push(stores, fleet)
  const events: KeyedEvent[] = []
  fleet.events$.subscribe((event) => events.push(event))
  const commits = vi.spyOn(DatabaseSync.prototype, 'exec')
  return {
    file,
    manager,
    stores,
    fleet,
    events,
    drained: () => lastValueFrom(fleet.drained(), { defaultValue: null }),
    commits: () => commits.mock.calls.filter(([sql]) => sql === 'COMMIT').length,
    broken: () => events.filter(({ kind }) => kind === 'broken'),
  }
}

const table = (stores: SqliteStores): void =>
  stores.sql.exec('CREATE TABLE job (actor TEXT NOT NULL, name TEXT UNIQUE)')
const job = (stores: SqliteStores, key: string, name: string | null): void =>
  stores.change(key, (sql) => sql.run('INSERT INTO job VALUES (?, ?)', key, name))
const jobs = (file: string): unknown[] =>
  look(file, 'SELECT * FROM job ORDER BY name').map((row) => Object.values(row as object).join(' '))

describe('sqliteStores', () => {
  it('keeps many alarms in one file, as a config of a fleet', async () => {
    const { file, fleet, drained } = rig()
    fleet.actor('b').set(7)
    fleet.actor('a').set(5)
    fleet.actor('c').set(9)
    fleet.actor('c').delete()
    await drained()
    expect(look(file)).toEqual([
      { key: 'a', epoch: 1, alarm: 5 },
      { key: 'b', epoch: 1, alarm: 7 },
      { key: 'c', epoch: 1, alarm: null },
    ])
  })

  it('is a config of keepAlarms too, with the deliveries of its manager', async () => {
    const file = newFile()
    const manager = newManager()
    const stores = sqliteStores({ file, manager })
    opened.push(stores)
    const intents$ = new Subject<KeyedIntent>()
    const woken: string[] = []
    const told = lastValueFrom(
      intents$.pipe(
        keepAlarms({
          ...stores,
          scheduler: injectedClock,
          deliveries: (fleet: Fleet) =>
            manager.deliveries((delivery) =>
              fleet.deliver(delivery, () => {
                woken.push(delivery.key)
                return []
              }),
            ),
        }),
        takeWhile(({ kind }) => kind !== 'delivery-done', true),
        toArray(),
      ),
    )
    intents$.next({ ...setAlarm(1), key: 'a' })
    const kinds = (await told).map(({ kind }) => kind)
    expect(woken).toEqual(['a'])
    expect(kinds.at(-1)).toBe('delivery-done')
    expect(look(file)).toEqual([{ key: 'a', epoch: 1, alarm: null }])
  })

  it('commits all of a turn together, whoever asks, and raises the epochs of a turn together', async () => {
    const { fleet, drained, commits, file } = rig({ manager: memoryManager() })
    for (let i = 0; i < 500; i++) fleet.actor(`actor ${i}`).set(i)
    await drained()
    expect(commits()).toBe(2) // the epochs, the alarms
    for (let i = 0; i < 500; i++) fleet.actor(`actor ${i}`).set(i + 1)
    await drained()
    expect(commits()).toBe(3)
    const late = async (i: number) => {
      for (let hop = 0; hop < i; hop++) await null
      fleet.actor(`actor ${i}`).set(i + 2)
    }
    for (let i = 0; i < 50; i++) late(i)
    await turns()
    expect(commits()).toBe(4)
    expect(
      look(file, 'SELECT count(*) AS n FROM _nolater_actors WHERE epoch = 1 AND alarm IS NOT NULL'),
    ).toEqual([{ n: 500 }])
  })

  it('acknowledges a commit when it is durable, not before', async () => {
    const { fleet, file } = rig({ manager: memoryManager() })
    const a = fleet.actor('a')
    a.set(5)
    await lastValueFrom(a.confirmed())
    expect(look(file)).toEqual([{ key: 'a', epoch: 1, alarm: 5 }])
    a.set(6)
    const confirmed = outcome(a.confirmed())
    expect([confirmed.end, look(file)]).toEqual(['waiting', [{ key: 'a', epoch: 1, alarm: 5 }]])
    await turns()
    expect([confirmed.end, look(file)]).toEqual(['done', [{ key: 'a', epoch: 1, alarm: 6 }]])
  })

  it('has the manager told before it commits an earlier alarm', async () => {
    const go$ = new Subject<never>()
    const manager: AlarmManager = { write: () => go$, deliveries: () => go$ }
    const { fleet, file, stores } = rig({ manager })
    table(stores)
    job(stores, 'a', 'tea')
    fleet.actor('a').set(5)
    await turns()
    expect([look(file), jobs(file)]).toEqual([[{ key: 'a', epoch: 1, alarm: null }], []])
    go$.complete()
    await turns()
    expect([look(file), jobs(file)]).toEqual([[{ key: 'a', epoch: 1, alarm: 5 }], ['a tea']])
  })

  it('opens an actor under a higher epoch each time, also after a restart', async () => {
    const { fleet, file, drained, stores, manager } = rig()
    fleet.actor('a').set(5)
    await drained()
    fleet.actor('a').close()
    const again = fleet.actor('a')
    await lastValueFrom(again.confirmed())
    expect(again.time).toBe(5)
    fleet.close()
    stores.close()
    const second = rig({ file, manager })
    second.fleet.actor('a').set(3)
    await second.drained()
    expect(look(file)).toEqual([{ key: 'a', epoch: 3, alarm: 3 }])
  })

  it('passes writeMany of its manager on, where there is one', async () => {
    const manager = { ...memoryManager(), writeMany: () => [[null]] }
    expect(await lastValueFrom(from(rig({ manager }).stores.writeMany!([])))).toEqual([null])
    expect('writeMany' in rig({ manager: memoryManager() }).stores).toBe(false)
  })

  describe('changes state', () => {
    it('in the transaction that commits the alarm, or not at all', async () => {
      const { fleet, file, stores, drained, commits, broken } = rig({ manager: memoryManager() })
      table(stores)
      await drained()
      const before = commits()
      for (const key of ['a', 'b', 'c']) {
        job(stores, key, `tea ${key}`)
        fleet.actor(key).set(5)
      }
      expect(stores.sql.all('SELECT * FROM job')).toEqual([])
      await drained()
      expect(commits() - before).toBe(2)
      expect(jobs(file)).toEqual(['a tea a', 'b tea b', 'c tea c'])
      expect(stores.sql.get('SELECT count(*) AS n FROM job')).toEqual({ n: 3 })
      fleet.actor('a').set(6)
      await drained()
      expect([jobs(file).length, broken()]).toEqual([3, []]) // once
    })

    it('with the deletion of the alarm whose handler asked for it', async () => {
      const { fleet, file, stores, drained, commits } = rig({ manager: memoryManager() })
      table(stores)
      fleet.actor('a').set(5)
      await drained()
      const before = commits()
      const handler = () => {
        job(stores, 'a', 'woken')
        return []
      }
      await lastValueFrom(fleet.actor('a').deliver({ scheduledTime: 5 }, handler))
      expect([look(file), jobs(file)]).toEqual([[{ key: 'a', epoch: 1, alarm: null }], ['a woken']])
      expect(commits() - before).toBe(1)
    })

    it('not by half, where a script fails and its error is caught', async () => {
      const { fleet, file, stores, drained } = rig({ manager: memoryManager() })
      table(stores)
      stores.change('a', (sql) => {
        sql.exec("INSERT INTO job VALUES ('a', 'before')")
        expect(() =>
          sql.exec("INSERT INTO job VALUES ('a', 'half'); INSERT INTO job VALUES (NULL, '')"),
        ).toThrow()
        sql.exec("INSERT INTO job VALUES ('a', 'after')")
      })
      fleet.actor('a').set(5)
      await drained()
      expect(jobs(file)).toEqual(['a after', 'a before'])
    })

    it.each<[string, (a: Alarm) => void]>([
      ['nothing is asked of the alarm', () => {}],
      ['it is set to what it is', (a) => a.set(5)],
    ])('where the alarm stays, and nothing leaves before: %s', async (_, ask) => {
      const { fleet, file, stores, drained, commits } = rig({ manager: memoryManager() })
      table(stores)
      const a = fleet.actor('a')
      a.set(5)
      await drained()
      const before = commits()
      job(stores, 'a', 'tea')
      ask(a)
      const seen: unknown[] = []
      const waiting: Observable<unknown>[] = [
        of('sent').pipe(a.holdUntilConfirmed()),
        a.confirmed(),
        a.drained(),
        fleet.drained(),
      ]
      for (const each$ of waiting) each$.subscribe({ complete: () => seen.push(jobs(file)) })
      await drained()
      await turns()
      expect(seen).toEqual([['a tea'], ['a tea'], ['a tea'], ['a tea']])
      expect([commits() - before, look(file)]).toEqual([1, [{ key: 'a', epoch: 1, alarm: 5 }]])
    })

    it('of an actor that is not in memory', async () => {
      const { fleet, file, stores, drained } = rig({ manager: memoryManager() })
      table(stores)
      job(stores, 'a', 'tea')
      await lastValueFrom(of('sent').pipe(fleet.actor('a').holdUntilConfirmed()))
      expect(jobs(file)).toEqual(['a tea'])
      await drained()
    })

    it('at the end of its turn, where the handler that asked for it goes on or fails', async () => {
      const { fleet, file, stores, drained } = rig({ manager: memoryManager() })
      table(stores)
      const a = fleet.actor('a')
      a.set(5)
      await drained()
      const seen: unknown[] = []
      const handler = async () => {
        job(stores, 'a', 'before')
        await lastValueFrom(a.confirmed())
        seen.push([look(file)[0], jobs(file)])
        job(stores, 'a', 'behind')
        throw new Error('the handler failed')
      }
      const failed = outcome(a.deliver({ scheduledTime: 5 }, handler))
      await drained()
      await turns()
      expect(seen).toEqual([[{ key: 'a', epoch: 1, alarm: 5 }, ['a before']]])
      expect(failed.error).toMatchObject({ message: 'the handler failed' })
      expect([look(file)[0], jobs(file)]).toEqual([
        { key: 'a', epoch: 1, alarm: 5 },
        ['a before', 'a behind'],
      ])
    })

    it('never, where no fleet is open that would commit it: that is refused', async () => {
      const { fleet, stores, file, drained } = rig({ manager: memoryManager() })
      table(stores)
      const unheard = expect.objectContaining({
        code: 'ALARM_CLOSED',
        message: expect.stringContaining('openFleet'),
      })
      fleet.close()
      expect(() => job(stores, 'a', 'tea')).toThrow(unheard)
      const again = openFleet({ ...stores, scheduler: injectedClock })
      again.actor('a').set(5)
      await lastValueFrom(again.drained(), { defaultValue: null })
      expect(jobs(file)).toEqual([])
      again.close()
      await drained()
    })

    it('for one fleet: a second one would take its actors, with what they have changed', async () => {
      const { fleet, file, stores, drained } = rig({ manager: memoryManager() })
      table(stores)
      const two = expect.objectContaining({
        code: 'ALARM_CONFIG_INVALID',
        message: expect.stringContaining('already'),
      })
      expect(() => openFleet(stores)).toThrow(two)
      expect(outcome(EMPTY.pipe(keepAlarms(stores))).error).toEqual(two)
      job(stores, 'a', 'tea')
      await drained()
      expect(jobs(file)).toEqual(['a tea'])
      fleet.close()
      openFleet(stores).close()
    })

    it('of one actor alone where it reads a number that is none of JavaScript’s', async () => {
      const { fleet, file, stores, drained, broken } = rig({ manager: memoryManager() })
      table(stores)
      stores.sql.exec('CREATE TABLE big (n INTEGER); INSERT INTO big VALUES (9007199254740993)')
      stores.change('a', (sql) => sql.all('UPDATE big SET n = n RETURNING n'))
      job(stores, 'b', 'tea')
      await drained()
      job(stores, 'c', 'milk')
      await drained()
      expect(broken()).toMatchObject([{ key: 'a' }])
      expect(jobs(file)).toEqual(['c milk', 'b tea'])
      expect(fleet.actor('b').time).toBe(null)
    })

    it('not at all where it has rolled back more than itself, and goes on', async () => {
      const { file, stores, drained, broken } = rig({ manager: memoryManager() })
      table(stores)
      stores.sql.run('INSERT INTO job VALUES (?, ?)', '0', 'taken')
      stores.change('a', (sql) => {
        try {
          sql.exec("INSERT OR ROLLBACK INTO job VALUES ('a', 'taken')")
        } catch {}
        sql.exec("INSERT INTO job VALUES ('a', 'alone')")
      })
      await drained()
      expect(broken()).toMatchObject([{ key: 'a', error: { cause: { code: 'ALARM_STORAGE_FAILED' } } }])
      expect(jobs(file)).toEqual(['0 taken'])
    })

    it('where the alarm stays, with touch', async () => {
      const { fleet, file, stores, drained } = rig({ manager: memoryManager() })
      table(stores)
      job(stores, 'a', 'tea')
      fleet.actor('a').touch()
      await drained()
      expect(jobs(file)).toEqual(['a tea'])
    })

    it('with the alarm that it was asked for with, and not with one before', async () => {
      const { fleet, file, stores, drained } = rig({ manager: memoryManager() })
      table(stores)
      const a = fleet.actor('a')
      await lastValueFrom(a.confirmed())
      a.set(5) // its commit is issued at once, and done at the end of the turn
      job(stores, 'a', 'of 4')
      a.set(4)
      const seen: unknown[] = []
      a.events$.subscribe(({ kind }) => {
        if (kind === 'commit-acknowledged') seen.push([look(file)[0], jobs(file)])
      })
      await drained()
      expect(seen).toEqual([
        [{ key: 'a', epoch: 1, alarm: 5 }, []],
        [{ key: 'a', epoch: 1, alarm: 4 }, ['a of 4']],
      ])
    })

    it.each([
      ['violates a constraint', null, 'INSERT INTO job VALUES (NULL, NULL)'],
      ['is no SQL', null, 'INSERT NONSENSE'],
      ['does what the store refuses', 'ALARM_SQL_REFUSED', 'COMMIT'],
      ['touches what is the store’s', 'ALARM_SQL_REFUSED', 'UPDATE _nolater_actors SET alarm = 1'],
      ['rolls everything back', null, "INSERT OR ROLLBACK INTO job VALUES ('x', 'taken')"],
      ['fails with the commit', null, "INSERT INTO child VALUES ('nobody')"],
    ])('of one actor alone where its statement %s', async (_, code, statement) => {
      const { fleet, file, stores, drained, broken } = rig({ manager: memoryManager() })
      table(stores)
      stores.sql.exec(`
        INSERT INTO job VALUES ('0', 'taken');
        CREATE TABLE child (name TEXT REFERENCES job (name) DEFERRABLE INITIALLY DEFERRED)`)
      for (const key of ['a', 'b', 'c']) {
        job(stores, key, `first ${key}`)
        if (key === 'b') stores.change(key, (sql) => sql.exec(statement))
        fleet.actor(key).set(5)
      }
      await drained()
      expect(broken()).toMatchObject([{ key: 'b', error: { code: 'ALARM_COMMIT_FAILED' } }])
      const { cause } = (broken()[0] as { error: { cause: { code?: string } } }).error
      expect(cause).toMatchObject(
        code === null ? { message: expect.stringMatching(/constraint|syntax/) } : { code },
      )
      expect(jobs(file)).toEqual(['a first a', 'c first c', '0 taken'])
      expect(look(file).map((row) => (row as { alarm: number }).alarm)).toEqual([5, null, 5])
      job(stores, 'b', 'second b')
      fleet.actor('b').set(6)
      await drained()
      expect(jobs(file)).toEqual(['a first a', 'c first c', 'b second b', '0 taken'])
      expect(look(file)[1]).toEqual({ key: 'b', epoch: 2, alarm: 6 })
    })

    it('never, if the alarm breaks or is closed before its commit', async () => {
      let down = true
      const inner = memoryManager()
      const manager: AlarmManager = {
        ...inner,
        write: (key, time, info) =>
          down ? throwError(() => new Error('down')) : inner.write(key, time, info),
      }
      const { fleet, file, stores, drained, broken } = rig({ manager, config: { reconcile: false } })
      table(stores)
      job(stores, 'a', 'of the one that broke')
      fleet.actor('a').set(5)
      await drained()
      expect(broken()).toMatchObject([{ error: { code: 'ALARM_PRECOMMIT_FAILED' } }])
      job(stores, 'b', 'of the one that was closed')
      fleet.actor('b').set(5)
      fleet.actor('b').close()
      down = false
      for (const key of ['a', 'b']) fleet.actor(key).set(6)
      await drained()
      expect(jobs(file)).toEqual([])
      expect(look(file).map((row) => (row as { alarm: number }).alarm)).toEqual([6, 6])
    })

    it('refuses what is no function, or asynchronous', async () => {
      const { stores, fleet, drained, broken } = rig({ manager: memoryManager() })
      expect(() => stores.change('a', 5 as never)).toThrow(
        expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }),
      )
      expect(() => stores.change('\ud800', () => 0)).toThrow(
        expect.objectContaining({ code: 'ALARM_KEY_INVALID' }),
      )
      stores.change('a', async () => 0)
      fleet.actor('a').set(5)
      await drained()
      expect(broken()).toMatchObject([{ error: { cause: { code: 'ALARM_RETURN_INVALID' } } }])
    })
  })

  it('does what is done outside of a change at once, all of it or nothing, and throws its error as it is', () => {
    const { stores, file } = rig({ manager: memoryManager() })
    table(stores)
    stores.sql.run('INSERT INTO job VALUES (?, ?)', 'a', 'tea')
    expect(jobs(file)).toEqual(['a tea'])
    expect(() =>
      stores.sql.exec("INSERT INTO job VALUES ('b', 'x'); INSERT INTO job VALUES ('b', 'tea')"),
    ).toThrow(expect.objectContaining({ code: 'ERR_SQLITE_ERROR' }))
    expect(jobs(file)).toEqual(['a tea'])
  })

  it('fences the fleet from which another one has taken an actor', async () => {
    const first = rig()
    first.fleet.actor('a').set(5)
    first.fleet.actor('b').set(5)
    await first.drained()
    const second = rig({ file: first.file, manager: first.manager })
    second.fleet.actor('a').set(4)
    await second.drained()
    first.fleet.actor('a').set(9)
    first.fleet.actor('b').set(9)
    await first.drained()
    expect(first.broken()).toMatchObject([{ key: 'a', error: { code: 'ALARM_FENCED' } }])
    expect(look(first.file)).toEqual([
      { key: 'a', epoch: 2, alarm: 4 },
      { key: 'b', epoch: 1, alarm: 9 },
    ])
  })

  it('does not do what nobody waits for any more', async () => {
    const { fleet, file } = rig({ manager: memoryManager() })
    fleet.actor('a').set(5)
    fleet.actor('a').close()
    await turns()
    expect(look(file)).toEqual([])
  })

  it('fails a turn that finds the file locked, and goes on with the next', async () => {
    const file = newFile()
    const stores = sqliteStores({ file, manager: memoryManager(), busyTimeout: 1 })
    const fleet = openFleet({ ...stores, scheduler: injectedClock })
    opened.push(stores, fleet)
    const locker = new DatabaseSync(file)
    locker.exec('BEGIN IMMEDIATE')
    const begin = vi.spyOn(DatabaseSync.prototype, 'exec')
    fleet.events$.subscribe()
    const a = fleet.actor('a')
    for (const key of ['a', 'b', 'c']) fleet.actor(key).touch()
    const waiting = outcome(a.confirmed())
    await vi.waitFor(() => expect(waiting.error).toBeDefined())
    const begun = begin.mock.calls.filter(([statement]) => statement === 'BEGIN IMMEDIATE')
    expect(begun).toHaveLength(2) // at once and after busyTimeout, and not again for each
    expect(waiting.error).toMatchObject({
      code: 'ALARM_LOAD_FAILED',
      cause: { code: 'ALARM_STORAGE_LOCKED' },
    })
    locker.exec('ROLLBACK')
    locker.close()
    a.set(5)
    await lastValueFrom(a.drained())
    expect(look(file)).toEqual([{ key: 'a', epoch: 1, alarm: 5 }])
  })

  it('commits what was asked for when it is closed, and refuses what comes after', async () => {
    const { fleet, stores, file } = rig({ manager: memoryManager() })
    const a = fleet.actor('a')
    await lastValueFrom(a.confirmed())
    a.set(5)
    stores.close()
    stores.close()
    expect(look(file)).toEqual([{ key: 'a', epoch: 1, alarm: 5 }])
    expect(() => stores.change('a', () => 0)).toThrow(expect.objectContaining({ code: 'ALARM_CLOSED' }))
    expect(() => stores.sql.get('SELECT 1')).toThrow(expect.objectContaining({ code: 'ALARM_CLOSED' }))
    const closed = expect.objectContaining({ code: 'ALARM_CLOSED' })
    expect(() => a.set(6)).toThrow(expect.objectContaining({ code: 'ALARM_COMMIT_FAILED', cause: closed }))
  })

  describe('refuses', () => {
    it.each([
      ['no manager', { manager: undefined }, 'ALARM_CONFIG_INVALID'],
      ['no file', { file: '' }, 'ALARM_CONFIG_INVALID'],
      ['a bad busyTimeout', { busyTimeout: 0 }, 'ALARM_CONFIG_INVALID'],
      ['a directory that is not there', { file: '/nowhere/at/all.db' }, 'ALARM_STORAGE_FAILED'],
    ])('%s', (_, options, code) => {
      const all = { file: newFile(), manager: memoryManager(), ...options } as never
      expect(() => sqliteStores(all)).toThrow(expect.objectContaining({ code }))
    })

    it("a manager's file, a single actor's and a newer one, and leaves them as they were", () => {
      const manager = memoryManager()
      const [managers, actors, newer, shared] = [newFile(), newFile(), newFile(), newFile()]
      sqliteManager({ file: managers }).close()
      sqliteStore({ file: actors, key: 'a', manager }).close()
      sqliteStores({ file: newer, manager }).close()
      const db = new DatabaseSync(newer)
      db.exec('UPDATE _nolater_version SET version = 99')
      db.close()
      sqliteStores({ file: shared, manager }).close()
      const codeOf = (open: () => unknown): unknown => {
        try {
          return open()
        } catch (error) {
          return (error as { code: string }).code
        }
      }
      expect(codeOf(() => sqliteStores({ file: managers, manager }))).toBe('ALARM_STORAGE_INVALID')
      expect(codeOf(() => sqliteStores({ file: actors, manager }))).toBe('ALARM_STORAGE_INVALID')
      expect(codeOf(() => sqliteStores({ file: newer, manager }))).toBe('ALARM_STORAGE_NEWER')
      expect(codeOf(() => sqliteStore({ file: shared, key: 'a', manager }))).toBe('ALARM_STORAGE_INVALID')
      expect(codeOf(() => sqliteManager({ file: shared }))).toBe('ALARM_STORAGE_INVALID')
      expect(look(actors, 'SELECT count(*) AS n FROM sqlite_schema')).toEqual(look(actors, 'SELECT 6 AS n'))
    })
  })
})
