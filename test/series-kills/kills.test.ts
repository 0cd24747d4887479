import { expect, it } from 'vitest'
import { killAcrossTimes } from './campaign.ts'

it('has each time of a timer that comes again change the state exactly once, over kills', async () => {
  const { effects, ...outcome } = await killAcrossTimes(8, 7)
  expect(outcome).toEqual({ kills: 8, twice: 0, lost: 0 })
  expect(effects).toBeGreaterThan(8)
}, 120_000)
