import fc from 'fast-check'
import { expect, it } from 'vitest'
import { acts, luck, runFleet } from './fleet.ts'

const { LIFECYCLES_SEED = '1', LIFECYCLES_RUNS = '4000' } = process.env

it('in a fleet of random actors on one manager nobody is late, early or lost', { timeout: 600_000 }, () => {
  const property = fc.property(acts, luck, (script, numbers) => {
    const faults = runFleet(script, numbers)
    if (faults.length > 0) throw new Error(faults.join('; '))
  })
  const details = fc.check(property, {
    seed: Number(LIFECYCLES_SEED),
    numRuns: Math.ceil(Number(LIFECYCLES_RUNS) / 10),
  })
  expect(details.failed ? `${details.errorInstance}\n${fc.defaultReportMessage(details)}` : '').toBe('')
})
