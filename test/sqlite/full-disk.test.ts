import { mkdirSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { memoryManager } from '../../src/index.ts'
import { sqliteManager, sqliteStore } from '../../src/sqlite/index.ts'
import { mountSmallDisk } from '../crash/small-disk.ts'
import { held, rigOf, settled } from '../manager-contract.ts'
import { turns, virtualClock } from '../virtual-clock.ts'
import { newFile } from './files.ts'

const full = expect.objectContaining({
  code: 'ALARM_STORAGE_FAILED',
  passes: true,
  message: expect.stringContaining('Make room'),
})

const place = newFile()
mkdirSync(place)
const disk = mountSmallDisk(place, 4)
afterAll(() => disk?.unmount())

describe.skipIf(disk === null)('a disk that is full (skipped where none can be mounted)', () => {
  it('stalls deliveries, and no take and no answer is lost once there is room', async () => {
    const clock = virtualClock()
    const manager = sqliteManager({ file: `${disk!.path}/alarms.db`, scheduler: clock })
    const { write, deliver, t0 } = rigOf(manager, clock)
    const { handler, ends } = held()
    const { kinds, only, outcome } = deliver(handler)
    await write('a', t0, 1)
    await write('b', t0 + 500, 1)
    await clock.advance(0)
    const makeRoom = disk!.fill()
    ends[0]!.done()
    await clock.advance(600)
    // What the WAL has room for already is written yet.
    for (let i = 0; i < 200 && only('stalled').length === 0; i++) {
      await write(`filling ${i}`, t0 + 9_000_000, 1)
      ends.at(-1)!.fail(new Error('again'))
      await clock.advance(3_000)
    }
    expect(only('stalled')[0]).toMatchObject({ error: full })
    expect(await write('c', t0 + 5, 1)).toEqual(full)
    expect(outcome()).toBe('alive')
    makeRoom()
    await clock.advance(10_000)
    expect(kinds()).toContain('resumed')
    expect(outcome()).toBe('alive')
    expect(await write('c', clock.now() + 5, 2)).toBe('done')
    manager.close()
  })

  it('breaks a store with a typed error, and the next opening works once there is room', () => {
    const file = `${disk!.path}/actor.db`
    const open = () => sqliteStore({ file, key: 'a', manager: memoryManager(), reconcile: false })
    const store = open()
    store.alarm.events$.subscribe({ error() {} }) // it is what breaks here
    store.put('before', 1)
    store.transaction(() => store.alarm.delete())
    const makeRoom = disk!.fill()
    const fill = () => {
      for (let i = 0; i < 300; i++) store.transaction(() => store.put(`k${i}`, 'x'.repeat(20_000)))
    }
    expect(fill).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/Open (?:it|the alarm|the store) again|Make room/),
      }),
    )
    expect(() => store.put('after', 1)).toThrow()
    void store.close().catch(() => {})
    makeRoom()
    const again = open()
    expect(again.get('before')).toBe(1)
    again.transaction(() => again.put('after', 1))
    expect(again.get('after')).toBe(1)
    void again.close()
  })
})

describe('a database that may not grow (PRAGMA max_page_count)', () => {
  it('breaks the store that needs a page, and the next opening works', async () => {
    const file = newFile()
    const { exec } = DatabaseSync.prototype
    let db: DatabaseSync | null = null
    const opening = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (
      this: DatabaseSync,
      sql,
    ) {
      db ??= this
      return exec.call(this, sql)
    })
    const open = () => sqliteStore({ file, key: 'a', manager: memoryManager(), reconcile: false })
    const store = open()
    store.alarm.events$.subscribe({ error() {} }) // it is what breaks here
    opening.mockRestore()
    store.put('before', 1)
    expect(await settled(store.alarm.drained())).toBe('a value')
    db!.prepare('PRAGMA max_page_count = 1').get()
    expect(() => store.transaction(() => store.put('much', 'x'.repeat(100_000)))).toThrow(
      expect.objectContaining({ code: 'ALARM_STORAGE_FAILED', passes: true }),
    )
    void store.close().catch(() => {})
    await turns()
    const again = open()
    expect([again.get('before'), again.get('much')]).toEqual([1, undefined])
    void again.close()
  })
})
