import { Subscription } from 'rxjs'
import { describe, it, vi } from 'vitest'
import { managerContract } from '../manager-contract.ts'
import { runSchedule } from '../manager-schedules.ts'
import { withFractions } from '../virtual-clock.ts'
import { newManager } from './files.ts'

// Nor does another process ask whether it delivers.
vi.mock('../../src/ledger/heartbeat.ts', () => ({ heartbeat: () => Subscription.EMPTY }))

describe('sqliteManager', () => {
  // No other process writes here, and a look every second would be most of the time that the tests take.
  managerContract((scheduler, options) => newManager({ scheduler, pollInterval: 86_400_000, ...options }))

  describe('on a clock with fractions', () => {
    managerContract((clock, options) =>
      newManager({ scheduler: withFractions(clock), pollInterval: 86_400_000, ...options }),
    )
  })

  it('neither loses nor doubles an alarm in any of 15 random schedules', async () => {
    for (let seed = 1; seed <= 15; seed++) {
      await runSchedule((scheduler) => newManager({ scheduler, pollInterval: 86_400_000 }), seed)
    }
  }, 60_000)
})
