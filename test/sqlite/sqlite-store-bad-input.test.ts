import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { sqliteManager } from '../../src/sqlite/index.ts'
import { sqliteStore } from '../../src/sqlite/sqlite-store.ts'
import { look, managerOf, newPath, open, turn } from './sqlite-store-rig.ts'

const coded = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) })

/** A file in the mode in which any change of mode shows. */
function settled(file: string): Buffer {
  const db = new DatabaseSync(file)
  db.exec('PRAGMA journal_mode = DELETE')
  db.close()
  return readFileSync(file)
}

describe('sqliteStore: bad input', () => {
  afterEach(() => vi.restoreAllMocks())

  it('options that cannot work are refused before the file is made', () => {
    const good = { file: newPath(), key: 'a', manager: managerOf() }
    const bad: [object, string][] = [
      [{ file: undefined }, 'ALARM_CONFIG_INVALID'],
      [{ file: '' }, 'ALARM_CONFIG_INVALID'],
      [{ file: 'a\0b' }, 'ALARM_CONFIG_INVALID'],
      [{ key: undefined }, 'ALARM_CONFIG_INVALID'],
      [{ key: 3 }, 'ALARM_CONFIG_INVALID'],
      [{ key: '\ud800' }, 'ALARM_KEY_INVALID'],
      [{ key: 'x'.repeat(1025) }, 'ALARM_KEY_INVALID'],
      [{ manager: undefined }, 'ALARM_CONFIG_INVALID'],
      [{ manager: {} }, 'ALARM_CONFIG_INVALID'],
      [{ replicate: 'yes' }, 'ALARM_CONFIG_INVALID'],
      [{ busyTimeout: -1 }, 'ALARM_CONFIG_INVALID'],
      [{ retry: 3 }, 'ALARM_CONFIG_INVALID'],
      [{ scheduler: {} }, 'ALARM_CONFIG_INVALID'],
      [{ reconcile: 'no' }, 'ALARM_CONFIG_INVALID'],
    ]
    for (const [options, code] of bad) {
      expect(() => sqliteStore({ ...good, ...options } as never), JSON.stringify(options)).toThrow(
        coded(code),
      )
    }
    expect(() => sqliteStore(undefined as never)).toThrow(coded('ALARM_CONFIG_INVALID'))
    expect(() => readFileSync(good.file)).toThrow('ENOENT')
  })

  it('a file that is no database', () => {
    const file = newPath()
    writeFileSync(file, 'This is a letter to my aunt, and longer than the header of a database. '.repeat(20))
    const before = readFileSync(file)
    expect(() => open({ file })).toThrow(coded('ALARM_STORAGE_INVALID', 'not an SQLite database'))
    expect(readFileSync(file)).toEqual(before)
  })

  it('a directory, and a directory that is not there', () => {
    const directory = newPath()
    mkdirSync(directory)
    expect(() => open({ file: directory })).toThrow(coded('ALARM_STORAGE_FAILED'))
    expect(() => open({ file: `${newPath()}/none/a.db` })).toThrow(coded('ALARM_STORAGE_FAILED', 'directory'))
  })

  it('a file of another actor', () => {
    const file = newPath()
    open({ file, key: 'one' }).close()
    expect(() => open({ file, key: 'other' })).toThrow(coded('ALARM_STORAGE_INVALID', '"one"'))
    expect(look(file).epoch).toBe(1)
  })

  it('the file of a manager', () => {
    const file = newPath()
    sqliteManager({ file }).close()
    const before = settled(file)
    expect(() => open({ file })).toThrow(coded('ALARM_STORAGE_INVALID', 'manager'))
    expect(readFileSync(file)).toEqual(before)
  })

  it('a file with tables of a newer version', () => {
    const file = newPath()
    open({ file }).close()
    const db = new DatabaseSync(file)
    db.exec('UPDATE _nolater_actor SET version = 4; ALTER TABLE _nolater_actor ADD COLUMN future TEXT')
    db.close()
    const before = settled(file)
    expect(() => open({ file })).toThrow(coded('ALARM_STORAGE_NEWER', 'version 4'))
    expect(readFileSync(file)).toEqual(before)
  })

  it('a file that is locked for longer than one waits', () => {
    const file = newPath()
    open({ file }).close()
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    const before = performance.now()
    expect(() => open({ file, busyTimeout: 50 })).toThrow(coded('ALARM_STORAGE_LOCKED'))
    expect(performance.now() - before).toBeGreaterThan(40)
    other.exec('ROLLBACK')
    other.close()
    expect(open({ file }).epoch).toBe(2)
  })

  it('a file that can only be read', () => {
    const file = newPath()
    open({ file }).close()
    const real = process.getBuiltinModule
    vi.spyOn(process, 'getBuiltinModule').mockImplementation(((name: string) => {
      if (name !== 'node:sqlite') return real(name)
      // Not by its mode: root may write everything.
      class ReadOnly extends DatabaseSync {
        constructor(path: string) {
          super(path, { readOnly: true })
        }
      }
      return { ...real('node:sqlite'), DatabaseSync: ReadOnly }
    }) as never)
    expect(() => open({ file })).toThrow(coded('ALARM_STORAGE_READONLY'))
    expect(look(file).epoch).toBe(1)
  })

  it('a Node without node:sqlite, or with one that cannot say whether a transaction is open', () => {
    const file = newPath()
    for (const module of [
      undefined,
      {
        DatabaseSync: class {
          close() {}
        },
      },
    ]) {
      vi.spyOn(process, 'getBuiltinModule').mockReturnValue(module as never)
      expect(() => open({ file })).toThrow(coded('ALARM_STORAGE_MISSING', 'Node 22.16'))
    }
    expect(() => readFileSync(file)).toThrow('ENOENT')
  })

  it('a database that is the user’s own is taken as it is', async () => {
    const file = newPath()
    const db = new DatabaseSync(file)
    db.exec(
      "CREATE TABLE t (x); INSERT INTO t VALUES ('mine'); PRAGMA user_version = 5; PRAGMA application_id = 6",
    )
    db.close()
    const store = open({ file })
    expect(store.sql.all('SELECT * FROM t')).toEqual([{ x: 'mine' }])
    store.put('a', 1)
    await turn()
    expect([store.sql.get('PRAGMA user_version'), store.get('a')]).toEqual([{ user_version: 5 }, 1])
  })

  it('times that are none', async () => {
    const store = open()
    for (const time of [
      Number.NaN,
      Infinity,
      -1,
      1.5,
      '1',
      new Date(Number.NaN),
      undefined,
      null,
    ] as number[]) {
      expect(() => store.alarm.set(time)).toThrow(coded('ALARM_TIME_INVALID'))
      expect(() => store.transaction(() => store.alarm.set(time))).toThrow(coded('ALARM_TIME_INVALID'))
    }
    await turn()
    expect(store.alarm.time).toBe(null)
    store.alarm.set(new Date(5))
    expect(store.alarm.time).toBe(5)
  })
})
