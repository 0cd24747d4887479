import { EMPTY, NEVER, of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { SqliteManagerOptions } from '../../src/sqlite/index.ts'
import { held, LEASE, rigOf } from '../manager-contract.ts'
import { type VirtualClock, virtualClock } from '../virtual-clock.ts'
import { newFile, newManager } from './files.ts'

const open = (file: string, clock: VirtualClock, options: Partial<SqliteManagerOptions> = {}) =>
  rigOf(newManager({ file, scheduler: clock, ...options }), clock)

/** A process that has died: its clock stands still, and it gives nothing back. */
async function died(file: string, at: number, keys: string[]) {
  const clock = virtualClock(at)
  const { deliver } = open(file, clock)
  const { delivered } = deliver(() => NEVER)
  await clock.advance(0)
  expect(delivered.map(({ key }) => key).sort()).toEqual(keys)
}

describe('sqliteManager after a restart', () => {
  it('still has the alarms, the fences, the failures and the back-off', async () => {
    const file = newFile()
    const clock = virtualClock()
    const { t0, manager, write, deliver } = open(file, clock)
    await write('failing', t0, 3)
    await write('waiting', t0 + 50_000, 4)
    await write('removed', null, 5)
    const first = deliver(() => throwError(() => new Error('no')))
    await clock.advance(9_000)
    expect(first.delivered.map(({ retryCount }) => retryCount)).toEqual([0, 1, 2])
    const { retryAt } = first.only('failed')[2] as { retryAt: number }
    manager.close()

    const again = open(file, clock)
    expect(['failing', 'waiting', 'removed'].map((key) => again.manager.get(key))).toEqual([
      t0,
      t0 + 50_000,
      null,
    ])
    for (const [key, fence] of [
      ['failing', 3],
      ['waiting', 4],
      ['removed', 5],
    ] as const) {
      expect(await again.write(key, 1, fence - 1)).toMatchObject({ code: 'ALARM_FENCED' })
    }
    const { delivered } = again.deliver(() => throwError(() => new Error('no')))
    await clock.advance(retryAt - clock.now() - 1)
    expect(delivered).toEqual([])
    await clock.advance(1)
    expect(delivered).toMatchObject([{ key: 'failing', retryCount: 3, at: retryAt, fence: 3 }])
    await clock.advance(20_000)
    expect(delivered[1]).toMatchObject({ retryCount: 4 })
  })

  it('asks abandon, and does not run the handler, where that was all that was left to do', async () => {
    const file = newFile()
    const clock = virtualClock()
    const first = open(file, clock)
    await first.write('a', first.t0, 1)
    const before = first.deliver(() => throwError(() => ({ retry: false })), { abandon: () => NEVER })
    await clock.advance(0)
    before.stop()
    const again = open(file, clock)
    const asked: unknown[] = []
    const { delivered, only } = again.deliver(() => EMPTY, {
      abandon: (...args) => {
        asked.push(args)
        return of(null)
      },
    })
    await clock.advance(0)
    expect(delivered).toEqual([])
    expect(asked).toMatchObject([['a', first.t0, { fence: 1, id: `1-${first.t0}` }]])
    expect(only('abandoned')).toHaveLength(1)
  })

  it('delivers the alarms of a process that died at the end of their lease, uncounted', async () => {
    const file = newFile()
    const clock = virtualClock()
    const { t0, write, deliver } = open(file, clock)
    await write('a', t0, 1)
    await write('b', t0, 1)
    await died(file, t0, ['a', 'b'])
    const { delivered } = deliver()
    await write('b', t0 + 100, 2) // waits for the lease too
    await clock.advance(LEASE - 1)
    expect(delivered).toEqual([])
    await clock.advance(1)
    expect(delivered.map(({ key, retryCount, fence }) => [key, retryCount, fence])).toEqual([
      ['a', 0, 1],
      ['b', 0, 2],
    ])
  })
})

describe('two sqliteManagers on one file', () => {
  it('never deliver an alarm twice while a lease lives, and both see what the other writes', async () => {
    const file = newFile()
    const clock = virtualClock()
    const [one, two] = [open(file, clock), open(file, clock)]
    const work = [held(), held()]
    const deliveries = [one.deliver(work[0]?.handler), two.deliver(work[1]?.handler)]
    await one.write('a', one.t0 + 500, 1)
    await two.write('b', one.t0 + 400, 1)
    await clock.advance(2_000)
    const all = () => deliveries.flatMap(({ delivered }) => delivered)
    expect(
      all()
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['a', 'b'])
    // whoever wrote knows at once, the other one when it looks
    expect(
      all()
        .map(({ at }) => at - one.t0)
        .sort(),
    ).toEqual([400, 500])
    for (const fence of [2, 3, 4]) await (fence % 2 ? one : two).write('a', one.t0, fence)
    await clock.advance(5_000)
    expect(all()).toHaveLength(2)
    for (const { ends } of work) for (const { done } of ends) done()
    await clock.advance(1_000)
    expect(all()).toHaveLength(3)
    expect(
      all()
        .filter(({ key }) => key === 'a')
        .map(({ fence }) => fence)
        .sort(),
    ).toEqual([1, 4])
  })

  it('notice within the poll interval what the other process wrote', async () => {
    for (const pollInterval of [undefined, 100]) {
      const file = newFile()
      const clock = virtualClock()
      const options = pollInterval === undefined ? {} : { pollInterval }
      const [writer, deliverer] = [open(file, clock), open(file, clock, options)]
      const { delivered, only } = deliverer.deliver()
      await clock.advance(10)
      await writer.write('past', writer.t0, 1)
      const within = pollInterval ?? 1_000
      await clock.advance(within - 11)
      expect(delivered).toEqual([])
      await clock.advance(1)
      expect(delivered).toMatchObject([{ key: 'past', at: writer.t0 + within }])
      expect(only('delivered')).toMatchObject([{ lateness: within }])
      await writer.write('soon', writer.t0 + 2 * within + 5, 1)
      await clock.advance(within + 4)
      expect(delivered).toHaveLength(1)
      await clock.advance(1)
      expect(delivered[1]).toMatchObject({ key: 'soon', at: writer.t0 + 2 * within + 5 })
    }
  })

  it('refuse the answer of one whose lease has passed to the other', async () => {
    const file = newFile()
    const clock = virtualClock()
    const slow = virtualClock() // a process that was suspended: it does not see the lease end
    const [one, two] = [open(file, slow), open(file, clock)]
    const answers = held()
    const first = one.deliver(answers.handler)
    for (const key of ['a', 'b']) await one.write(key, one.t0, 1)
    await slow.advance(0)
    const second = two.deliver(held().handler)
    await clock.advance(LEASE)
    expect(second.keys()).toEqual(['a', 'b'])
    answers.ends[0]?.done()
    answers.ends[1]?.fail(new Error('no'))
    await slow.advance(0)
    expect(first.kinds()).toEqual(['delivered', 'delivered', 'expired', 'expired'])
    expect(two.manager.get('a')).toBe(one.t0)
    expect(second.keys()).toEqual(['a', 'b'])
    second.stop()
    const { delivered } = two.deliver()
    await clock.advance(0)
    expect(delivered.map(({ key, retryCount }) => [key, retryCount])).toEqual([
      ['a', 0],
      ['b', 0],
    ])
  })

  it('take an answer that comes late, but before anybody else has taken the alarm', async () => {
    const file = newFile()
    const clock = virtualClock()
    const slow = virtualClock()
    const [one, two] = [open(file, slow), open(file, clock)]
    const { handler, ends } = held()
    one.deliver(handler)
    await one.write('a', one.t0, 1)
    await slow.advance(0)
    await clock.advance(2 * LEASE)
    ends[0]?.done()
    await slow.advance(0)
    expect(two.manager.get('a')).toBeNull()
  })
})
