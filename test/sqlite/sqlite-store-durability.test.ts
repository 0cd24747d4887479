import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { EMPTY, type Observable, Subject, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { AlarmFencedError } from '../../src/vocabulary/errors.ts'
import type { WriteInfo } from '../../src/vocabulary/manager.ts'
import type { AlarmTime } from '../../src/vocabulary/time.ts'
import { isLocked, look, managerOf, newPath, open, script, turn } from './sqlite-store-rig.ts'

const fenced = expect.objectContaining({ code: 'ALARM_FENCED', counted: false })

/** The file as a power cut would leave it. */
function cut(file: string): string {
  const copy = newPath()
  for (const end of ['', '-wal']) if (existsSync(file + end)) copyFileSync(file + end, copy + end)
  return copy
}

describe('sqliteStore: what a crash leaves', () => {
  it('is what the last commit made it, at every moment of a turn', async () => {
    const { store, file, calls, ok } = await script()
    const seen: unknown[] = []
    const crash = () => {
      const { alarm, values } = look(cut(file))
      seen.push([alarm, values])
    }
    store.put('a', 1)
    crash()
    store.alarm.set(5)
    crash()
    await calls()
    crash()
    store.put('b', 1)
    await calls()
    crash()
    await ok() // the manager has it: from here on the file does
    crash()
    store.transaction(() => {
      store.put('c', 1)
      store.alarm.set(9)
      crash()
    })
    crash()
    expect(seen).toEqual([
      [null, []],
      [null, []],
      [null, []],
      [null, []],
      [5, ['a', 'b']],
      [5, ['a', 'b']],
      [5, ['a', 'b']],
    ])
    await ok()
    crash()
    expect(seen.at(-1)).toEqual([9, ['a', 'b', 'c']])
  })

  it('is opened again with the alarm, the values and a higher epoch', async () => {
    const { store, file, calls } = await script()
    store.alarm.set(5)
    store.put('a', 1)
    await calls()
    const copy = cut(file)
    const again = open({ file: copy })
    expect([store.epoch, again.epoch, again.alarm.time, again.get('a')]).toEqual([1, 2, null, undefined])
    again.put('a', 2)
    again.alarm.set(7)
    await turn()
    again.close()
    expect(look(copy)).toEqual({ alarm: 7, epoch: 2, values: ['a'] })
    const third = open({ file: copy })
    expect([third.epoch, third.alarm.time, third.get('a')]).toEqual([3, 7, 2])
  })

  it('an epoch that was raised stays raised, though nothing else was written', () => {
    const file = newPath()
    expect([1, 2, 3].map(() => open({ file }).epoch)).toEqual([1, 2, 3])
    expect(look(file).epoch).toBe(3)
  })

  it('a process that is killed in a turn leaves nothing of it', () => {
    const file = newPath()
    const store = new URL('../../src/sqlite/sqlite-store.ts', import.meta.url).href
    const work = `
      import { sqliteStore } from ${JSON.stringify(store)}
      const manager = { write: () => [], deliveries: () => { throw 0 } }
      const store = sqliteStore({ file: ${JSON.stringify(file)}, key: 'a', manager })
      store.transaction(() => { store.put('whole', 1); store.alarm.set(5e12) })
      store.put('half', 1)
      store.alarm.set(3e12)
      process.kill(process.pid, 'SIGKILL')`
    const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', work], {
      timeout: 60_000,
      killSignal: 'SIGTERM', // not the signal that it is to end by
    })
    expect(signal).toBe('SIGKILL')
    expect(look(file)).toEqual({ alarm: 5e12, epoch: 1, values: ['whole'] })
  })
})

describe('sqliteStore: one owner', () => {
  it('a store whose file was opened again is fenced at its first write, whatever it is', async () => {
    const writes: ((store: ReturnType<typeof open>) => unknown)[] = [
      (store) => store.put('a', 1),
      (store) => store.delete('a'),
      (store) => store.sql.exec('CREATE TABLE t (x)'),
      (store) => store.transaction(() => {}),
      (store) => store.deleteAll(),
      (store) => store.alarm.set(5),
      (store) => store.alarm.touch(),
    ]
    for (const write of writes) {
      const told: AlarmTime[] = []
      const manager = managerOf((time) => {
        told.push(time)
        return EMPTY
      })
      const file = newPath()
      const old = open({ file, manager })
      const now = open({ file })
      now.put('b', 1)
      await turn()
      const held = old.alarm.confirmed()
      expect(() => write(old)).toThrow(fenced)
      expect(() => write(old)).toThrow(fenced)
      expect(() => old.get('a')).toThrow(fenced)
      expect(isLocked(file)).toBe(false)
      await turn()
      const errors: unknown[] = []
      held.subscribe({ error: (error) => errors.push(error.code, error.cause?.code) })
      expect(errors).toContain('ALARM_FENCED')
      expect(told).toEqual([])
      now.put('c', 1)
      await turn()
      expect(look(file)).toMatchObject({ alarm: null, values: ['b', 'c'] })
    }
  })

  it('and cannot commit what its engine does by itself', async () => {
    const file = newPath()
    const old = open({ file })
    old.alarm.set(5)
    await turn()
    open({ file })
    const seen: unknown[] = []
    old.alarm
      .deliver({ scheduledTime: 5 }, () => EMPTY)
      .subscribe({ error: (error) => seen.push(error.counted, error.code, error.cause?.code) })
    expect(seen).toContain('ALARM_FENCED')
    expect(seen[0]).toBe(false)
    expect(() => old.alarm.time).toThrow(fenced)
    expect(isLocked(file)).toBe(false)
    expect(look(file).alarm).toBe(5)
  })

  it('a manager that says fenced, and not by what, breaks it, and what is open is rolled back', async () => {
    const file = newPath()
    open({ file }).alarm.set(5)
    await turn()
    const manager = managerOf(() => throwError(() => new AlarmFencedError('a', 1)))
    const store = open({ file, manager })
    store.put('a', 1)
    store.alarm.set(2)
    await turn()
    expect(() => store.alarm.time).toThrow(fenced)
    expect(look(file)).toMatchObject({ alarm: 5, values: [] })
  })

  it('a file that is locked throws, changes nothing, and can be written later', async () => {
    const file = newPath()
    const store = open({ file, busyTimeout: 1 })
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    const locked = expect.objectContaining({ code: 'ALARM_STORAGE_LOCKED' })
    expect(() => store.put('a', 1)).toThrow(locked)
    expect(() => store.transaction(() => {})).toThrow(locked)
    expect(() => store.alarm.set(1)).toThrow(locked)
    expect([store.alarm.time, store.get('a')]).toEqual([null, undefined])
    other.close()
    store.put('a', 2)
    await turn()
    expect(look(file).values).toEqual(['a'])
  })
})

describe('sqliteStore: replicate', () => {
  const scripted = (file = newPath()) => {
    const calls: string[] = []
    const replications: Subject<never>[] = []
    const manager = managerOf((time, { fence }: WriteInfo) => {
      calls.push(`write ${time}`)
      expect(fence).toBeGreaterThan(0)
      return EMPTY
    })
    const replicate = (): Observable<never> => {
      calls.push('replicate')
      const replication = new Subject<never>()
      replications.push(replication)
      return replication
    }
    return { file, calls, replications, manager, replicate }
  }

  it('no manager write leaves before the epoch of this opening is durable elsewhere', async () => {
    const { file, calls, replications, manager, replicate } = scripted()
    const before = open({ file })
    before.alarm.set(9)
    await turn()
    const store = open({ file, manager, replicate, reconcile: true })
    expect(calls).toEqual(['replicate'])
    store.alarm.set(5)
    await turn()
    expect(calls).toEqual(['replicate'])
    expect(look(file).alarm).toBe(9)
    replications[0]?.complete()
    expect(calls).toEqual(['replicate', 'write 9', 'write 5', 'replicate'])
    expect(look(file).alarm).toBe(5)
  })

  it('what was read from a file that may be ahead of its replica is held as well', () => {
    const { file, replications, manager, replicate } = scripted()
    const store = open({ file, manager, replicate })
    const seen: number[] = []
    const values = new Subject<number>()
    values.pipe(store.alarm.holdUntilConfirmed()).subscribe((value) => seen.push(value))
    values.next(1)
    expect(seen).toEqual([])
    replications[0]?.complete()
    expect(seen).toEqual([1])
  })

  it('an opening that cannot be replicated breaks the store, and no manager write leaves', async () => {
    const { file, calls, replications, manager, replicate } = scripted()
    const store = open({ file, manager, replicate, reconcile: true })
    store.alarm.set(5)
    await turn()
    replications[0]?.error(new Error('offline'))
    expect(() => store.alarm.time).toThrow(expect.objectContaining({ code: 'ALARM_COMMIT_FAILED' }))
    expect(calls).toEqual(['replicate'])
    expect(isLocked(file)).toBe(false)
    const failing = () => throwError(() => new Error('offline'))
    store.close()
    expect(() => open({ file, manager, replicate: failing })).toThrow(
      expect.objectContaining({ code: 'ALARM_COMMIT_FAILED' }),
    )
    expect(existsSync(`${file}-wal`)).toBe(false) // nobody holds the file
    expect(calls).toEqual(['replicate'])
    expect(open({ file }).epoch).toBe(3)
  })

  it('what is written during a replication shares the next', async () => {
    const { file, calls, replications, manager, replicate } = scripted()
    const store = open({ file, manager, replicate })
    replications[0]?.complete()
    for (const value of [1, 2, 3]) {
      store.put(`${value}`, value)
      await turn()
    }
    expect([calls.length, look(file).values]).toEqual([2, ['1']])
    replications[1]?.complete()
    expect([calls.length, look(file).values]).toEqual([3, ['1', '2', '3']])
  })

  it('may throw, and may return anything that completes', async () => {
    const { file } = scripted()
    const store = open({ file, replicate: () => Promise.resolve('done') })
    store.put('a', 1)
    await new Promise((resolve) => store.alarm.confirmed().subscribe(resolve))
    expect(look(file).values).toEqual(['a'])
    store.close()
    const thrown = () => {
      throw new Error('no')
    }
    for (const replicate of [thrown, () => 3 as never]) {
      expect(() => open({ file, replicate })).toThrow(
        expect.objectContaining({ code: 'ALARM_COMMIT_FAILED' }),
      )
    }
  })
})
