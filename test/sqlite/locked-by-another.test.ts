import { DatabaseSync } from 'node:sqlite'
import { EMPTY, interval, lastValueFrom, NEVER, type ObservableInput, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { openFleet } from '../../src/fleet/open-fleet.ts'
import { memoryManager } from '../../src/ledger/memory-manager.ts'
import { sqliteStores } from '../../src/sqlite/sqlite-stores.ts'
import { type VirtualClock, virtualClock } from '../virtual-clock.ts'
import { newFile, newManager } from './files.ts'

// Were a lock waited for in the thread, nothing here could release it: it would end as locked, after minutes.
const busyTimeout = 120_000
const locked = { code: 'ALARM_STORAGE_LOCKED' }

/** Another connection that takes the lock and gives it back. */
function holder(file: string) {
  const db = new DatabaseSync(file)
  return { lock: () => db.exec('BEGIN IMMEDIATE'), unlock: () => db.exec('ROLLBACK') }
}

/** How a promise ended, and how often a timer of 10 ms has fired until then. */
function watch(clock: VirtualClock, ...promises: PromiseLike<unknown>[]) {
  let ticks = 0
  const ended: unknown[] = promises.map(() => 'waits')
  const ticking = interval(10, clock).subscribe(() => ticks++)
  promises.forEach((promise, i) => {
    const end = (how: unknown): void => {
      ended[i] = how
      if (!ended.includes('waits')) ticking.unsubscribe()
    }
    promise.then(() => end('done'), end)
  })
  return { ended, ticks: () => ticks }
}

describe('a sqliteManager whose file another process has locked', () => {
  function rig(options = {}) {
    const clock = virtualClock()
    const file = newFile()
    const manager = newManager({ file, scheduler: clock, busyTimeout, ...options })
    const write = (key: string, time: number, fence = 1) =>
      manager.write(key, time, { key, move: 'earlier', fence, attempt: 1 })
    return { clock, file, manager, write, ...holder(file) }
  }

  it('writes when it is free, and timers and other files go on meanwhile', async () => {
    const { clock, manager, write, lock, unlock } = rig()
    const other = rig({ scheduler: clock })
    lock()
    const { ended, ticks } = watch(clock, write('a', 5))
    const others = watch(clock, other.write('a', 6))
    await clock.advance(1_000)
    expect(ended).toEqual(['waits'])
    expect(ticks()).toBe(100)
    expect(others.ended).toEqual(['done'])
    const late = watch(clock, write('b', 7))
    unlock()
    await clock.advance(100)
    expect([...ended, ...late.ended]).toEqual(['done', 'done'])
    expect([manager.get('a'), manager.get('b')]).toEqual([5, 7])
    expect(clock.pending()).toBe(0)
  })

  it('gives up after busyTimeout, each write after its own, and leaves no timer', async () => {
    const { clock, manager, write, lock, unlock } = rig({ busyTimeout: 1_000 })
    lock()
    const first = watch(clock, write('a', 5))
    await clock.advance(600)
    const second = watch(clock, write('b', 5))
    await clock.advance(399)
    expect(first.ended).toEqual(['waits'])
    await clock.advance(1)
    expect(first.ended).toEqual([expect.objectContaining(locked)])
    await clock.advance(500)
    expect(second.ended).toEqual(['waits'])
    unlock()
    await clock.advance(100)
    expect(second.ended).toEqual(['done'])
    expect([manager.get('a'), manager.get('b')]).toEqual([null, 5])
    expect(clock.pending()).toBe(0)
  })

  it('tries again after a ms at first, also where it has waited for long before', async () => {
    const { clock, write, lock, unlock } = rig()
    for (const ms of [1_000, 1]) {
      lock()
      const { ended } = watch(clock, write('a', 5))
      await clock.advance(ms)
      unlock()
      await clock.advance(ms === 1 ? 2 : 100)
      expect(ended).toEqual(['done'])
    }
  })

  it('takes what is due and enters answers when it is free, and gives back what it has unsubscribed from', async () => {
    const { clock, manager, write, lock, unlock } = rig()
    await write('a', clock.now() + 50)
    let runs = 0
    const run = (answer: ObservableInput<unknown>) => () => {
      runs++
      return answer
    }
    const handled = manager.deliveries(run(NEVER)).subscribe()
    await clock.advance(0)
    lock()
    await clock.advance(500)
    expect(runs).toBe(0)
    unlock()
    await clock.advance(200)
    expect(runs).toBe(1)
    lock()
    handled.unsubscribe()
    await clock.advance(100)
    unlock()
    await clock.advance(200)
    manager.deliveries(run(EMPTY)).subscribe()
    await clock.advance(100) // and not when the lease ends
    expect([runs, manager.get('a')]).toEqual([2, null])
  })

  it('allows for a step of the clock when it is free, without standing still', async () => {
    const { clock, manager, lock, unlock, write } = rig()
    let runs = 0
    await write('a', clock.now() + 7_200_000)
    manager.deliveries(() => of(runs++)).subscribe()
    await clock.advance(0)
    lock()
    clock.step(7_200_000)
    await clock.advance(2_000)
    unlock()
    await clock.advance(2_000)
    expect(runs).toBe(1)
  })

  it('commits what waits in close, which returns with it', async () => {
    const { clock, file, manager, write, lock, unlock } = rig()
    lock()
    const { ended } = watch(clock, write('a', 5))
    await clock.advance(100)
    unlock()
    await manager.close()
    await clock.advance(0)
    expect(ended).toEqual(['done'])
    expect(newManager({ file }).get('a')).toBe(5)
    expect(clock.pending()).toBe(0)
  })
})

describe('sqliteStores whose file another process has locked', () => {
  function rig(options = {}) {
    const clock = virtualClock()
    const file = newFile()
    const manager = memoryManager({ scheduler: clock })
    const stores = sqliteStores({ file, manager, scheduler: clock, busyTimeout, ...options })
    const fleet = openFleet(stores)
    return { clock, stores, fleet, manager, ...holder(file) }
  }

  it('load and commit when it is free, and timers go on meanwhile', async () => {
    const { clock, stores, fleet, manager, lock, unlock } = rig()
    const a = fleet.actor('a')
    a.set(5)
    await lastValueFrom(a.drained())
    stores.sql.exec('CREATE TABLE t (x)')
    lock()
    stores.change('a', (sql) => sql.run('INSERT INTO t VALUES (1)'))
    a.set(4)
    fleet.actor('b').set(7) // has to be loaded
    const { ended, ticks } = watch(clock, a.confirmed(), fleet.actor('b').confirmed())
    await clock.advance(1_000)
    expect(ended).toEqual(['waits', 'waits'])
    expect(ticks()).toBe(100)
    unlock()
    await clock.advance(200)
    expect(ended).toEqual(['done', 'done'])
    expect(stores.sql.all('SELECT x FROM t')).toEqual([{ x: 1 }])
    expect([manager.get('a'), manager.get('b')]).toEqual([4, 7])
    await fleet.close()
    await stores.close()
  })

  it('break the alarm after busyTimeout, and load it anew when it is free', async () => {
    const { clock, stores, fleet, lock, unlock } = rig({ busyTimeout: 1_000 })
    const a = fleet.actor('a')
    a.set(5)
    await lastValueFrom(a.drained())
    lock()
    a.set(4)
    const { ended, ticks } = watch(clock, a.confirmed())
    await clock.advance(1_000)
    expect(ended).toEqual([
      expect.objectContaining({ code: 'ALARM_COMMIT_FAILED', cause: expect.objectContaining(locked) }),
    ])
    expect(ticks()).toBeGreaterThan(98)
    unlock()
    a.set(3)
    await clock.advance(10)
    expect(stores.sql.get('SELECT alarm FROM _nolater_actors')).toEqual({ alarm: 3 })
    await fleet.close()
    await stores.close()
  })

  it('go by their scheduler, and refuse what is none', () => {
    const refused = expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' })
    expect(() => rig({ scheduler: 5 })).toThrow(refused)
  })
})
