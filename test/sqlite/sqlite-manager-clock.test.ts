import { NEVER, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { LEASE, rigOf } from '../manager-contract.ts'
import { virtualClock } from '../virtual-clock.ts'
import { newFile, newManager } from './files.ts'

const HOUR = 3_600_000

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
