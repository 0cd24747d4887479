import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { memoryManager } from '../../src/index.ts'
import { sqliteManager, sqliteStore, sqliteStores } from '../../src/sqlite/index.ts'
import { makeDurable } from '../../src/sqlite/make-durable.ts'
import { newFile } from './files.ts'

const kinds = {
  manager: (file: string, busyTimeout = 5_000) => sqliteManager({ file, busyTimeout }),
  stores: (file: string, busyTimeout = 5_000) =>
    sqliteStores({ file, manager: memoryManager(), busyTimeout }),
  store: (file: string, busyTimeout = 5_000) =>
    sqliteStore({ file, key: 'a', manager: memoryManager(), busyTimeout }),
}
type Kind = keyof typeof kinds

describe.each(Object.keys(kinds) as Kind[])('a new file of a %s', (kind) => {
  const open = kinds[kind]

  it('is made while another opens it between two looks at it', () => {
    const file = newFile()
    const { prepare } = DatabaseSync.prototype
    let looks = 0
    const looking = vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (
      this: DatabaseSync,
      sql,
    ) {
      if (/sqlite_schema|user_version/.test(sql) && ++looks === 2) {
        try {
          open(file, 0).close()
        } catch {} // it may have to wait for the look to end
      }
      return prepare.call(this, sql)
    })
    expect(() => open(file).close()).not.toThrow()
    expect(looks).toBeGreaterThan(1)
    looking.mockRestore()
    expect(() => open(file).close()).not.toThrow()
  })

  it('is switched to WAL once another has finished with it', () => {
    const file = newFile()
    const other = new DatabaseSync(file)
    other.exec('CREATE TABLE t (x); DROP TABLE t; BEGIN; SELECT * FROM sqlite_schema')
    const wait = vi.spyOn(Atomics, 'wait').mockImplementation(() => {
      if (other.isTransaction) other.exec('COMMIT')
      return 'timed-out'
    })
    expect(() => open(file).close()).not.toThrow()
    expect(wait).toHaveBeenCalled()
    other.close()
  })

  it('is refused as locked where that takes longer than the busy timeout', () => {
    const file = newFile()
    const other = new DatabaseSync(file)
    other.exec('CREATE TABLE t (x); DROP TABLE t; BEGIN; SELECT * FROM sqlite_schema')
    expect(() => open(file, 30)).toThrow(expect.objectContaining({ code: 'ALARM_STORAGE_LOCKED' }))
    other.close()
  })

  it.each([
    '?nolock=1',
    '?vfs=unix-none',
    '?vfs=unix-dotfile',
    '?vfs=memdb',
    '?mode=memory',
    '?immutable=1',
    '?cache=shared',
    '?mode=rwc&nolock=1',
    '?%6eolock=1',
    '?psow=1&vfs=unix-none#mode=rw',
  ])('is refused as a URI with %s', (query) => {
    const file = `file:${newFile()}${query}`
    expect(() => open(file)).toThrow(
      expect.objectContaining({
        code: 'ALARM_CONFIG_INVALID',
        message: expect.stringContaining('durability'),
      }),
    )
  })

  it.each(['file:', 'file::memory:', 'file:?mode=rwc'])('is refused as %s', (uri) => {
    expect(() => open(uri)).toThrow(expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }))
  })

  it.each(['', '?mode=rwc', '?mode=rwc&cache=private', '#part'])('is taken as a URI with "%s"', (query) => {
    expect(() => open(`file:${newFile()}${query}`).close()).not.toThrow()
  })
})

describe('making a file durable', () => {
  it.each([
    ['its WAL', '?nolock=1', 'journal_mode'],
    ['nothing', '', null],
  ])('checks what SQLite says afterwards: it lacks %s', (_, query, lacks) => {
    const file = newFile()
    const db = new DatabaseSync(`file:${file}${query}`)
    const make = () => makeDurable(db, file)
    if (lacks === null) expect(make).not.toThrow()
    else
      expect(make).toThrow(
        expect.objectContaining({
          code: 'ALARM_STORAGE_UNSUPPORTED',
          message: expect.stringContaining(lacks),
        }),
      )
    db.close()
  })

  it.each(['synchronous', 'fullfsync'])('checks that %s is on', (name) => {
    const db = new DatabaseSync(newFile())
    const { exec } = DatabaseSync.prototype
    vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql) {
      return exec.call(this, sql.replaceAll(new RegExp(`PRAGMA ${name} = \\w+;?`, 'g'), ''))
    })
    if (name === 'synchronous') db.exec('PRAGMA SYNCHRONOUS = OFF')
    expect(() => makeDurable(db, 'a.db')).toThrow(
      expect.objectContaining({ message: expect.stringContaining(name) }),
    )
    db.close()
  })
})

describe('threads that open a new file at the same moment', () => {
  const workers: Worker[] = []
  afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.terminate())))

  it('all get it, again and again', async () => {
    const shared = new Int32Array(new SharedArrayBuffer(8))
    const count = 3
    for (let i = 0; i < count; i++) {
      workers.push(
        new Worker(new URL('./opening-thread.ts', import.meta.url), { workerData: { shared, count } }),
      )
    }
    const answers = () =>
      Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))))
    await answers()
    const outcomes = new Map<unknown, number>()
    for (let round = 0; round < 45; round++) {
      const file = newFile()
      const answered = answers()
      for (const worker of workers) worker.postMessage({ file, kind: Object.keys(kinds)[round % 3] })
      for (const outcome of await answered) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      for (const end of ['', '-wal', '-shm', '-journal']) rmSync(`${file}${end}`, { force: true })
    }
    expect([...outcomes]).toEqual([['opened', 45 * count]])
  }, 30_000)
})
