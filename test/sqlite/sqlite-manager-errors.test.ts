import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { EMPTY } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { sqliteManager } from '../../src/sqlite/index.ts'
import { AlarmError } from '../../src/vocabulary/errors.ts'
import { held, LEASE, rigOf } from '../manager-contract.ts'
import { turns, virtualClock } from '../virtual-clock.ts'
import { newFile, newManager } from './files.ts'

function refusal(file: unknown, options = {}): { code: string; message: string; counted?: boolean } {
  try {
    newManager({ file: file as string, busyTimeout: 1, ...options })
  } catch (error) {
    expect(error).toBeInstanceOf(AlarmError)
    return error as { code: string; message: string }
  }
  throw new Error('it was opened')
}

describe('opening a sqliteManager', () => {
  it.each([
    [
      'is no database',
      () => Buffer.from('once upon a time, '.repeat(100)),
      'ALARM_STORAGE_INVALID',
      'not an SQLite database',
    ],
    ['is half a database', () => readFileSync(made()).subarray(0, 5_000), 'ALARM_STORAGE_INVALID', 'damaged'],
    [
      'belongs to something else',
      () => readFileSync(made('PRAGMA application_id = 5')),
      'ALARM_STORAGE_INVALID',
      'something else',
    ],
    ['has tables of its own', () => readFileSync(foreign()), 'ALARM_STORAGE_INVALID', 'something else'],
    [
      'is of a newer version',
      () => readFileSync(made('PRAGMA user_version = 9')),
      'ALARM_STORAGE_NEWER',
      'version 9',
    ],
  ])('refuses a file that %s, and leaves it as it was', (_, content, code, says) => {
    const file = newFile()
    const before = content()
    writeFileSync(file, before)
    const error = refusal(file)
    expect(error).toMatchObject({ code, counted: false })
    expect(error.message).toContain(says)
    expect(error.message).toContain(file.slice(0, 50)) // a long one is cut
    expect(readFileSync(file).equals(before)).toBe(true)
  })

  it('refuses a file that it cannot write', () => {
    for (const file of [made(), foreignEmpty()]) {
      expect(refusal(`file:${file}?mode=ro`)).toMatchObject({
        code: 'ALARM_STORAGE_READONLY',
        counted: false,
      })
    }
  })

  it('refuses a path where no file can be', () => {
    expect(refusal('/nowhere/at/all/alarms.db')).toMatchObject({ code: 'ALARM_STORAGE_FAILED' })
    expect(refusal('/nowhere/at/all/alarms.db').message).toContain('Create its directory')
    const directory = newFile()
    mkdirSync(directory)
    expect(refusal(directory)).toMatchObject({ code: 'ALARM_STORAGE_FAILED' })
  })

  it('refuses a file that somebody else keeps locked', () => {
    const file = made()
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    expect(refusal(file)).toMatchObject({ code: 'ALARM_STORAGE_LOCKED', counted: false })
    other.exec('COMMIT')
    expect(() => newManager({ file })).not.toThrow()
    const unfinished = newFile()
    const creator = new DatabaseSync(unfinished)
    creator.exec('PRAGMA locking_mode = EXCLUSIVE; CREATE TABLE t (x)')
    expect(refusal(unfinished)).toMatchObject({ code: 'ALARM_STORAGE_LOCKED' })
    creator.close()
  })

  it.each([
    { file: '' },
    { file: undefined },
    { file: 5 },
    { file: 'a\0b' },
    { lease: 0 },
    { pollInterval: 0 },
    { pollInterval: Number.NaN },
    { busyTimeout: -1 },
    { busyTimeout: '5; DROP TABLE alarm' },
    { scheduler: 5 },
  ])('refuses %j', (options) => {
    expect(refusal(newFile(), options)).toMatchObject({ code: 'ALARM_CONFIG_INVALID' })
  })

  it.each([undefined, null, 5, 'alarms.db'])('refuses %j for its options', (options) => {
    expect(() => sqliteManager(options as never)).toThrow(
      expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }),
    )
  })

  it('says which Node it needs where node:sqlite is missing', () => {
    const { getBuiltinModule } = process
    for (const missing of [() => undefined, undefined]) {
      Object.assign(process, { getBuiltinModule: missing })
      const error = refusal(newFile())
      Object.assign(process, { getBuiltinModule })
      expect(error).toMatchObject({ code: 'ALARM_STORAGE_MISSING', counted: false })
      expect(error.message).toContain('22.16')
      expect(error.message).toContain(process.version)
    }
  })

  it('opens an empty file, a database in memory, and one that is open already', async () => {
    const file = newFile()
    writeFileSync(file, '')
    const clock = virtualClock()
    for (const path of [file, ':memory:', file]) {
      const { write } = rigOf(newManager({ file: path, scheduler: clock }), clock)
      expect(await write('a', 5, 1)).toBe('done')
    }
  })

  function made(sql = ''): string {
    const file = newFile()
    newManager({ file }).close()
    const db = new DatabaseSync(file)
    db.exec(`PRAGMA wal_checkpoint(TRUNCATE); ${sql}`)
    db.close()
    return file
  }

  function foreign(): string {
    const file = newFile()
    const db = new DatabaseSync(file)
    db.exec('CREATE TABLE alarm (x)')
    db.close()
    return file
  }

  function foreignEmpty(): string {
    const file = newFile()
    writeFileSync(file, '')
    return file
  }
})

describe('a sqliteManager whose file is locked', () => {
  function rig() {
    const clock = virtualClock()
    const file = newFile()
    const manager = newManager({ file, scheduler: clock, busyTimeout: 1 })
    const other = new DatabaseSync(file)
    return {
      ...rigOf(manager, clock),
      lock: () => other.exec('BEGIN IMMEDIATE'),
      unlock: () => other.exec('COMMIT'),
      other,
    }
  }

  it('fails the writes of the turn, all of them, and nothing is written', async () => {
    const { clock, write, manager, lock, unlock } = rig()
    lock()
    const written = Promise.all([write('a', 5, 1), write('b', 5, 1)])
    await clock.advance(1)
    const outcomes = await written
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ code: 'ALARM_STORAGE_LOCKED', counted: false })
    unlock()
    await turns()
    expect([manager.get('a'), manager.get('b')]).toEqual([null, null])
    expect(await write('a', 5, 1)).toBe('done')
  })

  it('goes on delivering when it is free again: no take and no answer is lost', async () => {
    const { t0, clock, write, deliver, lock, unlock, manager } = rig()
    const { handler, ends } = held()
    const { delivered, kinds, outcome } = deliver(handler)
    await write('a', t0, 1)
    await write('b', t0 + 500, 1)
    await clock.advance(0)
    lock()
    ends[0]?.done()
    await clock.advance(2_500)
    expect(outcome()).toBe('alive')
    expect(kinds()).toEqual(['delivered', 'stalled', 'stalled'])
    unlock()
    await clock.advance(1_000)
    expect(kinds()).toEqual(['delivered', 'stalled', 'stalled', 'resumed', 'done', 'delivered'])
    expect(delivered).toHaveLength(2)
    expect(manager.get('a')).toBeNull()
    ends[1]?.done()
    await clock.advance(0)
    expect(manager.get('b')).toBeNull()
  })

  it('does not come back to it once it is unsubscribed', async () => {
    const { t0, clock, write, deliver, lock, unlock } = rig()
    const { handler, ends } = held()
    const { stop } = deliver(handler)
    await write('a', t0, 1)
    await clock.advance(0)
    lock()
    ends[0]?.done() // a round is on its way
    stop()
    await clock.advance(1) // the patience of what is given back
    expect(clock.pending()).toBe(0)
    unlock()
  })

  it('enters the answers again when their commit has failed', async () => {
    const { t0, clock, write, deliver, manager } = rig()
    const { handler, ends } = held()
    const { kinds, only } = deliver(handler)
    await write('a', t0, 1)
    await clock.advance(0)
    const { exec } = DatabaseSync.prototype
    const failing = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (
      this: DatabaseSync,
      sql,
    ) {
      if (sql === 'COMMIT') throw Object.assign(new Error('database is locked'), { errcode: 5 })
      return exec.call(this, sql)
    })
    ends[0]?.done()
    const written = write('b', t0 + 5, 1)
    await turns()
    expect(await written).toMatchObject({ code: 'ALARM_STORAGE_LOCKED' })
    expect(kinds()).toEqual(['delivered', 'stalled'])
    expect([manager.get('a'), manager.get('b')]).toEqual([t0, null]) // rolled back
    failing.mockRestore()
    await clock.advance(1_000)
    expect(kinds()).toEqual(['delivered', 'stalled', 'resumed', 'done'])
    expect(only('stalled')[0]).toMatchObject({ error: { code: 'ALARM_STORAGE_LOCKED' }, retryAt: t0 + 1_000 })
    expect(only('resumed')[0]).toMatchObject({ stalledFor: 1_000, key: '' })
    expect(manager.get('a')).toBeNull()
  })

  it('stops handlers whose lease ends meanwhile, and lets the leases end that it cannot give back', async () => {
    const { t0, clock, write, deliver, lock, unlock } = rig()
    const first = deliver(() => new Promise(() => {}))
    await write('a', t0, 1)
    await clock.advance(0)
    lock()
    await clock.advance(LEASE + 1)
    const stalled = Array(first.only('stalled').length).fill('stalled')
    expect(first.kinds().filter((kind) => kind !== 'stalled')).toEqual(['delivered', 'expired'])
    unlock()
    await clock.advance(10_000)
    expect(first.kinds()).toEqual(['delivered', 'expired', ...stalled, 'resumed', 'delivered'])
    lock()
    first.stop()
    await clock.advance(1) // busyTimeout
    unlock()
    const leasedAt = first.delivered.at(-1)!.at
    const { delivered } = deliver()
    await clock.advance(leasedAt + LEASE - 1 - clock.now())
    expect(delivered).toEqual([])
    await clock.advance(1)
    expect(delivered).toHaveLength(1)
  })

  it('ends the deliveries with a typed error where waiting is no use', async () => {
    const { t0, clock, write, deliver, other } = rig()
    const { outcome } = deliver(() => EMPTY)
    await write('a', t0 + 5, 1)
    other.exec('DROP TABLE alarm')
    await clock.advance(5)
    expect(outcome()).toMatchObject({ code: 'ALARM_STORAGE_FAILED', counted: false })
    expect(await write('b', 5, 1)).toMatchObject({ code: 'ALARM_STORAGE_FAILED' })
  })
})
