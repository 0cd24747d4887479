import { DatabaseSync } from 'node:sqlite'
import { NEVER, type SchedulerLike, throwError } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { LEASE, rigOf } from '../manager-contract.ts'
import { type VirtualClock, virtualClock } from '../virtual-clock.ts'
import { newFile, newManager } from './files.ts'

const HOUR = 3_600_000

const bare = ({ now, schedule }: VirtualClock): SchedulerLike => ({ now, schedule })

/** Two processes on one file, and the clock is stepped back two hours when the first one is dead. */
async function afterStepBack(die: () => typeof NEVER, time = 100 * HOUR) {
  const file = newFile()
  const clock = virtualClock(100 * HOUR)
  const dead = virtualClock(100 * HOUR)
  const dying = rigOf(newManager({ file, scheduler: dead }), dead)
  await dying.write('a', time, 1)
  dying.deliver(die) // its clock stands still from here on: it never answers, and gives nothing back
  await dead.advance(0)
  clock.step(-2 * HOUR)
  const { write, deliver } = rigOf(newManager({ file, scheduler: clock }), clock)
  return { clock, write, delivered: deliver().delivered }
}

describe('after the clock was stepped back', () => {
  it('a new alarm does not wait longer for the lease of a dead process', async () => {
    const { clock, write, delivered } = await afterStepBack(() => NEVER)
    await write('a', clock.now() + 1_000, 2)
    await clock.advance(LEASE - 1)
    expect(delivered).toHaveLength(0)
    await clock.advance(2)
    expect(delivered).toHaveLength(1)
  })

  it('nor does the alarm of that process, which nothing writes again', async () => {
    const { clock, delivered } = await afterStepBack(() => NEVER)
    await clock.advance(LEASE + 1)
    expect(delivered).toMatchObject([{ key: 'a', fence: 1, retryCount: 0 }])
  })

  it('nor does one that is set when the alarm was deleted under the lease', async () => {
    const { clock, write, delivered } = await afterStepBack(() => NEVER)
    await write('a', null, 2)
    await write('a', clock.now() + 1_000, 3)
    await clock.advance(LEASE + 1)
    expect(delivered).toHaveLength(1)
  })

  it('and an actor that opens does not find a back-off that lasts for hours', async () => {
    const { clock, write, delivered } = await afterStepBack(
      () => throwError(() => new Error('no')),
      97 * HOUR,
    )
    await write('a', 97 * HOUR, 2, 'same')
    await clock.advance(1_000)
    expect(delivered).toHaveLength(0)
    await clock.advance(3_000)
    expect(delivered).toMatchObject([{ retryCount: 1 }])
  })
})

describe('a manager that is opened between a step of the clock and the moment another one finds it', () => {
  /** Two processes on one file: the first handles an alarm, the clock is set, the second is opened before the first looks again. */
  async function openedAfter(step: number, clockOf = (clock: VirtualClock): SchedulerLike => clock) {
    const file = newFile()
    const clock = virtualClock(100 * HOUR)
    const first = rigOf(newManager({ file, scheduler: clockOf(clock) }), clock)
    await first.write('a', clock.now(), 1)
    const early = first.deliver(() => NEVER).delivered
    await clock.advance(5_000)
    clock.step(step)
    const second = rigOf(newManager({ file, scheduler: clockOf(clock) }), clock)
    const late = second.deliver(() => NEVER).delivered
    return { clock, first, second, count: () => early.length + late.length }
  }

  it.each([HOUR, -HOUR])('ends no lease that it has when it is retried: step %d', async (step) => {
    const { clock, second, count } = await openedAfter(step)
    const retried = second.manager.retry('a')
    await clock.advance(1_000)
    expect(await retried).toBe(false)
    expect(count()).toBe(1)
  })

  it.each([20_000, 60_000, HOUR, -3_000, -60_000, -HOUR])(
    'takes nothing under its lease: step %d',
    async (step) => {
      const { clock, count } = await openedAfter(step)
      await clock.advance(LEASE - 5_000 - 1)
      expect(count()).toBe(1)
      await clock.advance(1_001)
      expect(count()).toBe(2)
    },
  )

  it('and its own leases are as long as they were before the other one looked', async () => {
    const { clock, second, count } = await openedAfter(HOUR)
    await second.write('b', clock.now(), 1)
    await clock.advance(LEASE - 1)
    expect(count()).toBe(3)
    await clock.advance(1_001)
    expect(count()).toBe(4)
  })

  it('nor does one whose clock does not say what passed, when it is set back', async () => {
    const { clock, count } = await openedAfter(-HOUR, bare)
    await clock.advance(LEASE - 1)
    expect(count()).toBe(1)
    await clock.advance(1_001)
    expect(count()).toBe(2)
  })

  it('a step is allowed for in one transaction', async () => {
    const { clock } = await openedAfter(HOUR)
    await clock.advance(1_000)
    const exec = vi.spyOn(DatabaseSync.prototype, 'exec')
    await clock.advance(5_000)
    expect(exec).not.toHaveBeenCalled()
  })

  it('on a machine that was started since, a lease lasts no longer than it does', async () => {
    const file = newFile()
    const before = virtualClock(100 * HOUR)
    const dying = rigOf(newManager({ file, scheduler: before }), before)
    await before.advance(HOUR)
    await dying.write('a', 100 * HOUR, 1)
    dying.deliver(() => NEVER)
    await before.advance(0)
    const clock = virtualClock(50 * HOUR) // and its own begins at 0
    const { delivered } = rigOf(newManager({ file, scheduler: clock }), clock).deliver()
    await clock.advance(LEASE - 1)
    expect(delivered).toHaveLength(0)
    await clock.advance(2)
    expect(delivered).toHaveLength(1)
  })
})

describe('by a clock that does not say what passed', () => {
  it('and that is set back, a back-off lasts no longer than it does', async () => {
    const clock = virtualClock(100 * HOUR)
    const { write, deliver } = rigOf(newManager({ scheduler: bare(clock) }), clock)
    await write('a', 98 * HOUR, 1)
    const { delivered } = deliver(() => throwError(() => new Error('no')))
    await clock.advance(0)
    clock.step(-HOUR)
    await clock.advance(4_000)
    expect(delivered.length).toBeGreaterThan(1)
  })

  it('and that was set back before the file is opened, nor does the lease of a dead process', async () => {
    const file = newFile()
    const dead = virtualClock(100 * HOUR)
    const dying = rigOf(newManager({ file, scheduler: bare(dead) }), dead)
    await dying.write('a', 98 * HOUR, 1)
    dying.deliver(() => NEVER)
    await dead.advance(0)
    const clock = virtualClock(99 * HOUR)
    const { delivered } = rigOf(newManager({ file, scheduler: bare(clock) }), clock).deliver()
    await clock.advance(LEASE + 1)
    expect(delivered).toHaveLength(1)
  })
})
