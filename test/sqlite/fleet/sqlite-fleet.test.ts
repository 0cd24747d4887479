import { existsSync, renameSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { AlarmError, openFleet } from 'nolater'
import {
  type FleetHealth,
  type SqliteFleetOptions,
  sqliteFleet,
  sqliteManager,
  sqliteStores,
} from 'nolater/sqlite'
import { firstValueFrom } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { add, codeOf } from '../../fleet-contract/rig.ts'
import { until, wrongClock } from '../../postgres/rig.ts'
import { virtualClock } from '../../virtual-clock.ts'
import { newFile } from '../files.ts'
import { HOUR, rig } from './fleet-rig.ts'

const DAY = 24 * HOUR
const handler = () => []

describe('sqliteFleet is opened', () => {
  it.each([
    [{ file: 'x.db' }, 'handler'],
    [{ file: 'x.db', handler, managerfile: 'y.db' }, 'Did you mean managerFile'],
    [{ file: 'x.db', handler, operations: { remind: 1 } }, 'The operation remind'],
    [{ file: 'x.db', handler, timeout: 0 }, 'timeout'],
    [{ file: 'x.db', handler, concurrency: 0 }, 'concurrency'],
    [{ file: 'x.db', handler, abandon: 1 }, 'abandon'],
    [{ file: 'x.db', handler, maxActors: -1 }, 'maxActors'],
    [{ file: 'x.db', handler, idleAfter: 0.5 }, 'idleAfter'],
    [{ file: 'x.db', handler, scheduler: {} }, 'scheduler'],
    [{ handler }, 'file'],
    [undefined, 'options'],
  ])('with nothing that it does not know: %o', async (options, named) => {
    const error = await sqliteFleet(options as never).catch((reason) => reason)
    expect(error).toBeInstanceOf(AlarmError)
    expect(error).toMatchObject({ code: 'ALARM_CONFIG_INVALID', message: expect.stringContaining(named) })
    expect(existsSync('x.db')).toBe(false)
  })

  it('with the manager beside its file, where it is not named', async () => {
    const [file, other, third] = [newFile(), newFile(), newFile()]
    for (const options of [
      { file },
      { file: `file:${other}?mode=rwc` },
      { file: third, managerFile: `${third}.mine` },
      { file: ':memory:' },
    ]) {
      const fleet = await sqliteFleet({ ...options, handler })
      expect(await fleet.change('a', (_, alarm) => alarm.setIn(HOUR))).toBe(undefined)
      await fleet.close()
    }
    for (const path of [`${file}-alarms`, `${other}-alarms`, `${third}.mine`])
      expect(existsSync(path)).toBe(true)
    expect([`${third}-alarms`, ':memory:', ':memory:-alarms'].filter(existsSync)).toEqual([])
  })

  it('on the files of sqliteStores and its manager, and goes on with their alarms', async () => {
    const [file, managerFile] = [newFile(), newFile()]
    const manager = sqliteManager({ file: managerFile })
    const stores = sqliteStores({ file, manager })
    stores.sql.exec('CREATE TABLE item (actor TEXT, name TEXT)')
    const before = openFleet(stores)
    before.actor('a').set(Date.now())
    await before.drained()
    await manager.close()
    const handled: unknown[] = []
    const { fleet, files } = await rig({ file, managerFile, handler: ({ key }) => [handled.push(key)] })
    await until(() => handled.length === 1)
    expect(handled).toEqual(['a'])
    await fleet.drained()
    expect(files.stored().get('a')).toBe(null)
  })

  it('and lets go of its file where the manager cannot be opened', async () => {
    const [file, managerFile] = [newFile(), newFile()]
    new DatabaseSync(managerFile).exec('CREATE TABLE other (x)')
    const opened = sqliteFleet({ file, managerFile, handler })
    expect(await codeOf(opened)).toBe('ALARM_STORAGE_INVALID')
    const db = new DatabaseSync(file)
    db.exec('PRAGMA journal_mode = DELETE') // which needs the file for itself
    db.close()
  })
})

describe('a change over files', () => {
  it('shares its transaction with those that are asked for in the same turn', async () => {
    // Its time stands still: however slow the machine is, none of it takes long.
    const { fleet, files, file } = await rig({ scheduler: virtualClock(Date.now()) })
    const keys = Array.from({ length: 100 }, (_, i) => `k${i}`)
    await Promise.all(keys.map((key) => fleet.change(key, () => {})))
    await fleet.drained()
    const exec = vi.spyOn(DatabaseSync.prototype, 'exec')
    const commits = () =>
      exec.mock.calls.flatMap(([sql], i) =>
        sql === 'COMMIT' ? [(exec.mock.contexts[i] as DatabaseSync).location()] : [],
      )
    await Promise.all(
      keys.map((key) => fleet.change(key, (tx) => tx.query('INSERT INTO item VALUES ($1, $1)', [key]))),
    )
    await fleet.drained()
    expect(commits()).toEqual([file])
    exec.mockClear()
    await Promise.all(keys.map((key) => fleet.change(key, (_, alarm) => alarm.setIn(HOUR))))
    await fleet.drained()
    expect(commits()).toEqual([`${file}-alarms`, file])
    expect(files.stored().size).toBe(100)
  })

  it('does not keep the file from others for longer than it must', async () => {
    const { fleet } = await rig()
    await fleet.change('other', () => {})
    const over: string[] = []
    const changes = Array.from({ length: 6 }, (_, i) =>
      fleet.change(`k${i}`, () => sleep(60)).then(() => over.push('change')),
    )
    await sleep(20)
    fleet.actor('other').setIn(HOUR)
    await firstValueFrom(fleet.actor('other').confirmed())
    expect(over.length).toBeLessThan(4)
    await Promise.all(changes)
  })

  it('leaves everything else its turn, however soon the next one is asked for', async () => {
    const { fleet } = await rig()
    await Promise.all(['a', 'b'].map((key) => fleet.change(key, () => {})))
    await fleet.drained()
    let isOver = false
    const goOn = async (key: string): Promise<void> => {
      for (let n = 0; n < 2_000 && !isOver; n++) await fleet.change(key, () => {})
    }
    const begun = Promise.withResolvers<void>()
    const others = begun.promise.then(() => goOn('b')) // each is asked for while another one is done
    await fleet.change('a', () => begun.resolve())
    const next = turn().then(() => (isOver = true))
    await Promise.all([goOn('a'), others])
    expect(isOver).toBe(true)
    await next
  })

  it('binds and reads what SQLite has', async () => {
    const { fleet } = await rig()
    const bytes = new Uint8Array([1, 2])
    const { rows } = await fleet.change('a', (tx) =>
      tx.query('SELECT $1 AS yes, $2 AS no, $3 AS bytes, $4 AS none, $5 AS number, $1 + $5 AS sum', [
        true,
        false,
        bytes,
        undefined,
        1.5,
      ]),
    )
    expect({ ...rows[0] }).toEqual({ yes: 1, no: 0, bytes, none: null, number: 1.5, sum: 2.5 })
    for (const text of [
      'SELECT ?',
      'SELECT :a',
      'SELECT ?1',
      'SELECT $2',
      'SELECT $1, $name',
      'SELECT $1, $1a',
    ])
      expect(await codeOf(fleet.change('a', (tx) => tx.query(text, [1])))).toBe('ALARM_SQL_REFUSED')
    const made = await fleet.change('a', (tx) => tx.query('CREATE TABLE made (x)'))
    expect(made).toEqual({ rows: [], rowCount: null })
  })

  it('goes on after a statement whose error it has caught', async () => {
    const { fleet, files } = await rig()
    const changed = fleet.change('a', async (tx, alarm) => {
      await add('tea')(tx, alarm)
      expect(await codeOf(tx.query("INSERT INTO item VALUES ('a', 'tea')"))).toBe('ERR_SQLITE_ERROR')
      await add('cake')(tx, alarm)
    })
    expect(await codeOf(changed)).toBe('done')
    expect(files.actors.prepare('SELECT name FROM item').all()).toHaveLength(2)
  })

  it('is refused the tables of the library, other files and settings', async () => {
    const { fleet } = await rig()
    const code = (text: string) => codeOf(fleet.change('a', (tx) => tx.query(text)))
    expect(await code('UPDATE _nolater_actors SET alarm = 1')).toBe('ALARM_SQL_REFUSED')
    expect(await code("ATTACH 'x.db' AS x")).toBe('ALARM_SQL_REFUSED')
    expect(await code('PRAGMA synchronous = OFF')).toBe('ALARM_SQL_REFUSED')
    expect(await code('PRAGMA defer_foreign_keys = ON')).toBe('ALARM_TRANSACTION_INVALID')
    expect(await code('SELECT 1; COMMIT')).toBe('ALARM_SQL_REFUSED')
  })

  it('fails alone where its statement rolls back what it shares with others', async () => {
    const { fleet, files } = await rig()
    await fleet.change('a', (tx) => tx.query("INSERT INTO item VALUES ('a', 'taken')"))
    const take = "INSERT OR ROLLBACK INTO item VALUES ('b', 'taken')"
    const runs = { a: 0, c: 0 }
    const codes = await Promise.all(
      [
        fleet.change('a', (tx, alarm) => {
          runs.a++
          return add('a')(tx, alarm)
        }),
        fleet.change('b', async (tx, alarm) => {
          await add('b')(tx, alarm)
          await tx.query(take)
        }),
        fleet.change('c', (tx, alarm) => {
          runs.c++
          return add('c')(tx, alarm)
        }),
        fleet.change('d', async (tx, alarm) => {
          await add('d')(tx, alarm)
          await tx.query(take).catch(() => {})
          await tx.query("INSERT INTO item VALUES ('d', 'alone')").catch(() => {})
        }),
      ].map(codeOf),
    )
    expect(codes).toEqual(['done', 'ERR_SQLITE_ERROR', 'done', 'ALARM_STORAGE_FAILED'])
    expect(runs).toEqual({ a: 2, c: 1 })
    const names = files.actors.prepare('SELECT name FROM item ORDER BY name').all()
    expect(names.map(({ name }) => name)).toEqual(['a', 'c', 'taken'])
    expect([...files.stored()].filter(([, time]) => time !== null).map(([key]) => key)).toEqual(['a', 'c'])
  })

  it('fails alone where what it has deferred is wrong at the commit', async () => {
    const { fleet, files } = await rig()
    files.actors.exec(`
      CREATE TABLE parent (id TEXT PRIMARY KEY);
      CREATE TABLE child (id TEXT REFERENCES parent DEFERRABLE INITIALLY DEFERRED)`)
    const family = (key: string, hasParent = true) =>
      codeOf(
        fleet.change(key, async (tx, alarm) => {
          await tx.query('INSERT INTO child VALUES ($1)', [key])
          if (hasParent) await tx.query('INSERT INTO parent VALUES ($1)', [key])
          alarm.setIn(HOUR)
        }),
      )
    expect(await Promise.all([family('a'), family('b', false), family('c')])).toEqual([
      'done',
      'ALARM_STORAGE_FAILED',
      'done',
    ])
    expect(files.actors.prepare('SELECT id FROM child').all()).toHaveLength(2)
    expect(files.stored().get('b')).toBe(null)
    expect(files.late()).toEqual([])
  })

  it('is refused where another fleet has loaded its actor since, and not run; the next one takes it back', async () => {
    const { fleet, files, open } = await rig()
    await fleet.change('a', add('one'))
    const other = await open()
    await other.change('a', add('two'))
    let runs = 0
    const changed = () =>
      codeOf(
        fleet.change('a', (tx, alarm) => {
          runs++
          return add('three')(tx, alarm)
        }),
      )
    expect(await changed()).toBe('ALARM_FENCED')
    expect(runs).toBe(0)
    expect(await changed()).toBe('done')
    expect(await codeOf(other.change('a', add('four')))).toBe('ALARM_FENCED')
    expect(files.actors.prepare('SELECT name FROM item').all()).toHaveLength(3)
  })

  it('waits for the lock of another connection, and not for ever', async () => {
    const { fleet, files } = await rig({ busyTimeout: 300 })
    await fleet.change('a', () => {})
    files.actors.exec('BEGIN IMMEDIATE')
    let isOver = false
    const waits = fleet.change('a', add('one')).then(() => (isOver = true))
    await sleep(100)
    expect(isOver).toBe(false)
    files.actors.exec('COMMIT')
    await waits
    files.actors.exec('BEGIN IMMEDIATE')
    expect(await codeOf(fleet.change('a', add('two')))).toBe('ALARM_STORAGE_LOCKED')
    files.actors.exec('ROLLBACK')
    expect(files.actors.prepare('SELECT name FROM item').all()).toHaveLength(1)
  })

  it('waits alone for its actor, whose manager does not answer, and the others go on', async () => {
    const { fleet, files, file } = await rig({ timeout: 1_000 })
    await Promise.all(['a', 'b'].map((key) => fleet.change(key, (_, alarm) => alarm.setIn(HOUR))))
    await fleet.drained()
    const lock = new DatabaseSync(`${file}-alarms`)
    lock.exec('BEGIN IMMEDIATE')
    fleet.actor('a').setIn(HOUR / 2)
    const waits = fleet.change('a', add('a')).catch((error) => error)
    const goesOn = fleet.change('b', (tx) => tx.query("INSERT INTO item VALUES ('b', 'b')"))
    expect(await codeOf(goesOn)).toBe('done')
    await sleep(300)
    files.actors.exec('BEGIN IMMEDIATE; ROLLBACK') // it is free meanwhile
    expect(await waits).toMatchObject({
      code: 'ALARM_TIMEOUT',
      message: expect.stringContaining('was not loaded within 1000 ms'),
    })
    lock.exec('ROLLBACK')
    lock.close()
    expect(await codeOf(fleet.change('a', add('a')))).toBe('done')
  })

  it('fails with an error of ours where the rows of the library cannot be used, and goes on once they can', async () => {
    const { fleet, files } = await rig()
    await fleet.change('a', add('one'))
    files.actors.exec('ALTER TABLE _nolater_actors RENAME TO away')
    expect(await codeOf(fleet.change('a', add('two')))).toBe('ALARM_STORAGE_FAILED')
    files.actors.exec('ALTER TABLE away RENAME TO _nolater_actors')
    expect(await codeOf(fleet.change('a', add('three')))).toBe('done')
    const names = files.actors.prepare('SELECT name FROM item').all()
    expect(names.map(({ name }) => name)).toEqual(['one', 'three'])
  })

  it('leaves the file to others where it cannot be rolled back', async () => {
    const { fleet } = await rig()
    await fleet.change('a', () => {})
    const exec = DatabaseSync.prototype.exec
    const fails = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (
      this: DatabaseSync,
      sql,
    ) {
      exec.call(this, sql)
      if (sql === 'ROLLBACK') throw new Error('no transaction is active')
    })
    const error = new RangeError('no')
    const failed = fleet.change('a', () => {
      throw error
    })
    expect(await failed.catch((reason) => reason)).toBe(error)
    fails.mockRestore()
    expect(await codeOf(fleet.change('b', add('tea')))).toBe('done') // its actor is loaded from the file
  })

  it('has as long as it may, however the clock is stepped meanwhile', async () => {
    const clock = virtualClock(Date.now())
    const { fleet } = await rig({ scheduler: clock, timeout: 1_000 })
    await fleet.change('a', () => {})
    const ended: string[] = []
    const end = (name: string) => (error: { code: string }) => ended.push(`${name} ${error.code}`)
    fleet.change('a', () => new Promise(() => {})).catch(end('first'))
    fleet.change('a', () => {}).catch(end('second'))
    await clock.advance(10)
    clock.step(-HOUR)
    await clock.advance(980)
    clock.step(2 * HOUR)
    await clock.advance(5)
    expect(ended).toEqual([])
    await clock.advance(20)
    expect(ended.sort()).toEqual(['first ALARM_TRANSACTION_INVALID', 'second ALARM_TIMEOUT'])
  })

  it('is refused where its file was taken away', async () => {
    const { fleet, file } = await rig()
    await fleet.change('a', add('one'))
    renameSync(file, `${file}.gone`)
    expect(await codeOf(fleet.change('a', add('two')))).toBe('ALARM_STORAGE_GONE')
  })
})

describe('an alarm of a change over files', () => {
  it('is kept from the state where the manager does not take it, and the file is free again', async () => {
    const { fleet, files, file } = await rig({ timeout: 300 })
    await fleet.change('a', () => {})
    await fleet.drained()
    const lock = new DatabaseSync(`${file}-alarms`)
    lock.exec('BEGIN IMMEDIATE')
    const codes = ['a', 'b'].map((key) => codeOf(fleet.change(key, add(key))))
    expect(await Promise.all(codes)).toEqual(['ALARM_LOCK_EXPIRED', 'ALARM_LOCK_EXPIRED'])
    files.actors.exec('BEGIN IMMEDIATE; ROLLBACK') // it is free by then
    expect(files.actors.prepare('SELECT * FROM item').all()).toEqual([])
    expect([...files.stored().values()]).toEqual([null, null])
    lock.exec('ROLLBACK')
    lock.close()
    expect(await codeOf(fleet.change('a', add('a')))).toBe('done')
    expect(files.late()).toEqual([])
  })

  it('is not waited for without an end where an earlier one is asked for each time', async () => {
    const { fleet, files } = await rig({ timeout: 300 })
    let time = Date.now() + 2 * HOUR
    await fleet.change('a', (_, alarm) => alarm.set(time))
    await fleet.drained()
    let isOver = false
    fleet.events$.subscribe(({ kind }) => {
      if (kind === 'write-acknowledged' && !isOver) fleet.actor('a').set(--time)
    })
    const asked = codeOf(fleet.change('a', (_, alarm) => alarm.set(--time)))
    const code = await Promise.race([asked, sleep(3_000).then(() => 'late')])
    isOver = true
    expect(code).toBe('ALARM_LOCK_EXPIRED')
    await asked
    expect(files.late()).toEqual([])
  })

  it('undoes the change of its actor alone where the manager refuses it', async () => {
    const { fleet, files, file } = await rig()
    await Promise.all(['a', 'b', 'c'].map((key) => fleet.change(key, () => {})))
    const another = sqliteManager({ file: `${file}-alarms` })
    const write = (key: string, fence: number) =>
      another.write(key, Date.now() + 3 * HOUR, { key, move: 'earlier', fence, attempt: 1 })
    await write('b', 2 ** 52) // more than any epoch that is near
    const codes = ['a', 'b', 'c'].map((key) => codeOf(fleet.change(key, add(key))))
    expect(await Promise.all(codes)).toEqual(['done', 'ALARM_FENCED', 'done'])
    await write('c', 2 ** 30) // one that the store may raise its own above
    const raised = fleet.change('c', (_, alarm) => alarm.setIn(HOUR / 2))
    expect(await Promise.race([codeOf(raised), sleep(2_000).then(() => 'late')])).toBe('done')
    const names = files.actors.prepare('SELECT name FROM item ORDER BY name').all()
    expect(names.map(({ name }) => name)).toEqual(['a', 'c'])
    expect(files.stored().get('b')).toBe(null)
    await fleet.drained()
    expect(files.late()).toEqual([])
    await another.close()
  })

  it('has its commit where the one of before is wanted again as soon as that is acknowledged', async () => {
    const { fleet, files } = await rig()
    const [first, then] = [Date.now() + 2 * HOUR, Date.now() + HOUR]
    await fleet.change('a', (_, alarm) => alarm.set(first))
    await fleet.drained()
    const late: unknown[] = []
    let acknowledged = 0
    fleet.events$.subscribe(({ kind }) => {
      if (kind === 'commit-acknowledged' && acknowledged++ === 0) fleet.actor('a').set(first)
      if (kind === 'write-acknowledged') late.push(...files.late())
    })
    await fleet.change('a', (_, alarm) => {
      fleet.actor('a').touch() // its commit is under way while the file is locked
      alarm.set(then)
    })
    await fleet.drained()
    expect(late).toEqual([])
    expect([files.stored().get('a'), files.held().get('a')]).toEqual([first, first])
  })
})

describe('a request over files', () => {
  it('is forgotten after a day', async () => {
    const operations: SqliteFleetOptions['operations'] = {
      add: (tx, alarm) => add(crypto.randomUUID())(tx, alarm),
    }
    const { fleet, files, open } = await rig({ operations })
    const call = (by: typeof fleet) => by.call('a', 'add', null, { id: 'x' })
    const count = () => files.actors.prepare('SELECT name FROM item').all().length
    await call(fleet)
    await fleet.close()
    const soon = await open({ scheduler: wrongClock(DAY - HOUR) })
    await sleep(50)
    await call(soon)
    await soon.close()
    expect(count()).toBe(1)
    const later = await open({ scheduler: wrongClock(DAY + HOUR) })
    await sleep(50)
    await call(later)
    expect(count()).toBe(2)
  })

  it('is not kept for done where it has hung, and ends later', async () => {
    const ended = Promise.withResolvers<void>()
    const { fleet, files } = await rig({
      timeout: 200,
      operations: {
        async add(tx, alarm, input: string) {
          await add(input)(tx, alarm)
          if (input === 'hangs') await ended.promise
        },
      },
    })
    const call = (input: string) => codeOf(fleet.call('a', 'add', input, { id: 'x' }))
    expect(await call('hangs')).toBe('ALARM_TRANSACTION_INVALID')
    ended.resolve()
    await sleep(10)
    expect(await call('tea')).toBe('done')
    expect(files.actors.prepare('SELECT name FROM item').all()).toMatchObject([{ name: 'tea' }])
  })
})

describe('a fleet over files is closed', () => {
  it('and lets go of its file where its manager cannot be closed', async () => {
    const file = newFile()
    const fleet = await sqliteFleet({ file, handler })
    const error = new Error('no')
    const closes = vi.spyOn(DatabaseSync.prototype, 'close').mockImplementationOnce(() => {
      throw error
    })
    expect(await fleet.close().catch((reason) => reason)).toBe(error)
    closes.mockRestore()
    const db = new DatabaseSync(file)
    db.exec('PRAGMA journal_mode = DELETE') // which needs the file for itself
    db.close()
  })
})

describe('the health of a fleet over files', () => {
  it('says so for as long as nothing is delivered, though its alarms can be read', async () => {
    const handled: unknown[] = []
    const { fleet, file } = await rig({ busyTimeout: 100, handler: () => [handled.push(1)] })
    const healths: FleetHealth[] = []
    await fleet.change('a', (_, alarm) => alarm.setIn(300))
    await fleet.drained()
    const manager = new DatabaseSync(`${file}-alarms`)
    const blindFor = async (code: string): Promise<void> => {
      healths.length = 0
      await until(() => healths.some(({ error }) => error !== null))
      const first = healths.findIndex(({ error }) => error !== null)
      await until(() => healths.length >= first + 3)
      const errors = healths.slice(first).map(({ error }) => (error as { code?: string } | null)?.code)
      expect(new Set(errors)).toEqual(new Set([code]))
      expect(healths.at(-1)?.overdue).toBeGreaterThan(0)
    }
    fleet.health$.subscribe((health) => healths.push(health))
    manager.exec('BEGIN IMMEDIATE')
    await blindFor('ALARM_STORAGE_LOCKED')
    expect(handled).toEqual([])
    manager.exec('ROLLBACK')
    await until(() => handled.length === 1)
    await until(() => healths.at(-1)?.error === null)
    await fleet.change('b', (_, alarm) => alarm.setIn(500))
    await fleet.drained()
    manager.exec("CREATE TRIGGER no BEFORE UPDATE ON alarm BEGIN SELECT RAISE(ABORT, 'no'); END")
    await blindFor('ALARM_STORAGE_FAILED')
    expect(handled).toHaveLength(1)
    manager.exec('DROP TRIGGER no')
    await until(() => handled.length === 2)
    manager.close()
  })

  it('says why nothing is delivered, and that it is again', async () => {
    const handled: unknown[] = []
    const { fleet, file } = await rig({ handler: () => [handled.push(1)] })
    const healths: FleetHealth[] = []
    fleet.health$.subscribe((health) => healths.push(health))
    await fleet.change('a', (_, alarm) => alarm.setIn(500))
    await fleet.drained()
    const manager = new DatabaseSync(`${file}-alarms`)
    manager.exec('ALTER TABLE alarm RENAME TO away')
    const blind = await until(
      () => healths.find(({ error }) => error !== null),
      (health) => health !== undefined,
    )
    expect(blind).toMatchObject({ owned: 1, processes: 1, error: { code: 'ALARM_STORAGE_FAILED' } })
    await sleep(1_000) // its alarm has come to nothing by then
    manager.exec('ALTER TABLE away RENAME TO alarm')
    manager.close()
    await until(() => handled.length === 1)
    const well = await until(
      () => healths.at(-1)!,
      ({ lag }) => lag !== null,
    )
    expect(well).toMatchObject({ overdue: null, error: null })
    expect(well.at - well.lookedAt!).toBeLessThan(500)
  })
})
