import { fork } from 'node:child_process'
import { DatabaseSync } from 'node:sqlite'
import { EMPTY, NEVER, Subject, VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { AlarmFencedError } from '../../src/vocabulary/errors.ts'
import { fenceOf } from '../../src/vocabulary/fence.ts'
import { virtualClock } from '../virtual-clock.ts'
import { isLocked, look, managerOf, newPath, open, turn } from './sqlite-store-rig.ts'

const busyTimeout = 120_000 // were it waited for in the thread, nothing here could release the lock
const coded = (code: string) => expect.objectContaining({ code })

describe('a store whose manager never answers', () => {
  it('holds the lock for 4 s, then breaks, and another connection has the file', async () => {
    const file = newPath()
    const clock = virtualClock()
    const zombie = open({ file, scheduler: clock, manager: managerOf(() => NEVER) })
    const errors: unknown[] = []
    zombie.put('a', 1)
    zombie.alarm.set(5)
    zombie.alarm.confirmed().subscribe({ error: (error) => errors.push(error) })
    await turn()
    await clock.advance(2_000)
    zombie.put('b', 2) // joins, and does not begin the 4 s again
    await clock.advance(1_999)
    expect([isLocked(file), errors]).toEqual([true, []])
    await clock.advance(1)
    expect(isLocked(file)).toBe(false)
    expect(errors).toEqual([
      expect.objectContaining({
        code: 'ALARM_PRECOMMIT_FAILED',
        cause: coded('ALARM_LOCK_EXPIRED'),
      }),
    ])
    expect(() => zombie.put('c', 1)).toThrow(coded('ALARM_LOCK_EXPIRED'))
    expect(clock.pending()).toBe(0)
    const epochs = new DatabaseSync(file) // as another process opens it
    epochs.exec('UPDATE _nolater_actor SET epoch = epoch + 1')
    epochs.close()
    expect(look(file)).toEqual({ alarm: null, epoch: 2, values: [] })
  })

  it('is taken over by another process, which waits for the lock', { timeout: 30_000 }, async () => {
    const file = newPath()
    const child = fork(new URL('./zombie-process.ts', import.meta.url), [file], {
      execArgv: ['--import', new URL('../run-sources.mjs', import.meta.url).href],
    })
    try {
      await new Promise((resolve, reject) => {
        child.once('message', resolve)
        child.once('exit', reject)
      })
      expect(isLocked(file)).toBe(true)
      const successor = open({ file, busyTimeout: 20_000 }) // waits in the thread; the zombie's timers may be late
      expect([successor.epoch, successor.get('a')]).toEqual([2, undefined])
      successor.put('b', 1)
      await turn()
      expect(look(file).values).toEqual(['b'])
    } finally {
      child.kill()
    }
  })

  it('is given up likewise where replicate never answers', async () => {
    const file = newPath()
    const clock = new VirtualTimeScheduler()
    const replications: Subject<never>[] = []
    const store = open({
      file,
      scheduler: clock,
      replicate: () => {
        replications.push(new Subject())
        return replications.at(-1) as Subject<never>
      },
    })
    await turn()
    replications[0]?.complete()
    store.put('a', 1)
    await turn()
    store.put('b', 1) // while the first is being replicated
    await turn()
    expect(isLocked(file)).toBe(true)
    clock.flush()
    expect(isLocked(file)).toBe(false)
    expect(look(file).values).toEqual(['a'])
    expect(() => store.get('a')).toThrow(coded('ALARM_LOCK_EXPIRED'))
  })

  it('starts the 4 s with each transaction, and leaves no timer behind', async () => {
    const clock = virtualClock()
    const answers: Subject<never>[] = []
    const slow = managerOf(() => {
      answers.push(new Subject())
      return answers.at(-1) as Subject<never>
    })
    const store = open({ scheduler: clock, manager: slow })
    for (const time of [9, 8, 7]) {
      store.alarm.set(time)
      await turn()
      await clock.advance(3_000)
      answers.at(-1)?.complete()
      await turn()
    }
    expect(store.alarm.time).toBe(7)
    expect(clock.pending()).toBe(0)
  })
})

describe('a store whose file another process has locked', () => {
  function rig(options = {}) {
    const file = newPath()
    const clock = virtualClock()
    const store = open({ file, scheduler: clock, busyTimeout, ...options })
    const other = new DatabaseSync(file)
    return {
      file,
      clock,
      store,
      lock: () => other.exec('BEGIN IMMEDIATE'),
      unlock: () => other.exec('ROLLBACK'),
    }
  }

  async function delivered(options = {}) {
    const all = rig(options)
    all.store.alarm.set(5)
    await turn()
    const outcomes: unknown[] = []
    const handler = new Subject<never>()
    all.store.alarm
      .deliver({ scheduledTime: 5 }, () => handler)
      .subscribe({
        next: (outcome) => outcomes.push(outcome),
        error: (error) => outcomes.push(error),
      })
    await turn()
    return { ...all, outcomes, handler }
  }

  it('commits the end of an alarm when it is free, and timers go on meanwhile', async () => {
    const { file, clock, store, lock, unlock, handler, outcomes } = await delivered()
    lock()
    handler.complete()
    let ticks = 0
    for (let ms = 10; ms <= 1_000; ms += 10) clock.schedule(() => ticks++, ms)
    await clock.advance(1_000)
    expect([ticks, outcomes, look(file).alarm]).toEqual([100, [], 5])
    unlock()
    await clock.advance(100)
    expect(outcomes).toEqual([expect.objectContaining({ kind: 'ran' })])
    expect([look(file).alarm, store.alarm.time]).toEqual([null, null])
    expect(clock.pending()).toBe(0)
  })

  it('breaks after busyTimeout', async () => {
    const { clock, store, lock, unlock, handler, outcomes } = await delivered({ busyTimeout: 500 })
    lock()
    handler.complete()
    await clock.advance(499)
    expect(outcomes).toEqual([])
    await clock.advance(1)
    const failed = expect.objectContaining({
      code: 'ALARM_COMMIT_FAILED',
      cause: coded('ALARM_STORAGE_LOCKED'),
    })
    expect(outcomes).toEqual([failed])
    expect(() => store.alarm.time).toThrow(failed)
    unlock()
  })

  it('commits nothing after its commit was given up for its limit of time', async () => {
    const { file, clock, lock, unlock, handler, outcomes } = await delivered({ timeout: 200 })
    lock()
    handler.complete()
    await clock.advance(200)
    expect(outcomes).toEqual([coded('ALARM_COMMIT_FAILED')])
    unlock()
    await clock.advance(200)
    expect([look(file).alarm, isLocked(file)]).toEqual([5, false])
  })

  it('commits in close() what has waited, and returns with it where the file is free by then', async () => {
    const { file, clock, store, lock, unlock, handler } = await delivered()
    lock()
    handler.complete()
    await clock.advance(100)
    unlock()
    store.close()
    expect(look(file).alarm).toBeNull()
  })

  it('commits what waits by itself before what is written after it: never the old alarm with the new state', async () => {
    const { file, clock, store, lock, unlock, handler, outcomes } = await delivered()
    lock()
    handler.complete()
    await clock.advance(100)
    unlock()
    store.transaction(() => {
      expect(look(file)).toMatchObject({ alarm: null, values: [] })
      store.put('a', 1)
      store.alarm.set(9)
    })
    expect(look(file)).toMatchObject({ alarm: 9, values: ['a'] })
    expect(outcomes).toHaveLength(1)
    await clock.advance(200)
    expect(look(file)).toMatchObject({ alarm: 9, values: ['a'] })
    expect(clock.pending()).toBe(0)
  })

  it('raises its epoch over that of the manager when it is free', async () => {
    const held = fenceOf(50, 1)
    const answer = new Subject<never>()
    const manager = managerOf((_time, { fence }) => (fence > held ? EMPTY : answer))
    const { file, clock, store, lock, unlock } = rig({ manager, reconcile: true })
    const raised = (): unknown => {
      const db = new DatabaseSync(file, { readOnly: true })
      try {
        return db.prepare('SELECT raised FROM _nolater_actor').get()?.raised
      } finally {
        db.close()
      }
    }
    lock()
    answer.error(new AlarmFencedError('a', fenceOf(1, 1), held))
    await clock.advance(1_000)
    expect(raised()).toBe(0)
    unlock()
    await clock.advance(200)
    expect(raised()).toBe(51)
    store.alarm.set(5)
    await turn()
    expect(look(file).alarm).toBe(5)
  })
})
