import { describe, expect, it } from 'vitest'
import { openActivity } from '../../src/ledger/activity.ts'
import { watchSteps } from '../../src/ledger/clock-steps.ts'
import { memoryLedger } from '../../src/ledger/memory-ledger.ts'
import { virtualClock } from '../virtual-clock.ts'

describe('a ledger in memory', () => {
  it('keeps of what delivers no more the last minute, however often something begins and ends', async () => {
    const clock = virtualClock()
    const access = memoryLedger(clock, watchSteps(clock))
    for (let second = 0; second < 200; second++) {
      const activity = openActivity(() => clock.now())
      activity.fired(1)
      const deliverer = { holder: `${second}`, process: '', since: clock.now(), seen: clock.now() }
      access.atOnce((ledger) => ledger.gone(deliverer, activity.past()))
      await clock.advance(1_000)
    }
    const { gone, deliverers } = access.look(clock.now())
    expect(deliverers).toEqual([])
    expect(gone.length).toBeLessThan(80)
    expect(gone.length).toBeGreaterThanOrEqual(50)
  })
})
