import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asked, failing, interleaveHandle, interleaveOperator } from './interleavings.ts'

const {
  LIFECYCLES_SEED = '1',
  LIFECYCLES_RUNS = '4000',
  LIFECYCLES_PATH,
  LIFECYCLES_SHORTEN = 'yes',
} = process.env

/** What a failing property says: its schedule step by step, and how to see it again. */
async function reportOf<T>(property: fc.IAsyncProperty<T>): Promise<string> {
  const numRuns = Math.ceil(Number(LIFECYCLES_RUNS) / 4)
  const replay = LIFECYCLES_PATH === undefined ? {} : { path: LIFECYCLES_PATH }
  const seed = Number(LIFECYCLES_SEED)
  const endOnFailure = LIFECYCLES_SHORTEN !== 'yes'
  const details = await fc.check(property, { seed, numRuns, endOnFailure, ...replay })
  if (!details.failed) return ''
  const path = details.counterexamplePath
  return `${await fc.asyncDefaultReportMessage(details)}\n  LIFECYCLES_SEED=${seed} LIFECYCLES_PATH=${path} npx vitest run test/lifecycles`
}

describe('promises that end in any order', { timeout: 600_000 }, () => {
  it('keepAlarm is never late, commits and writes one at a time, and ends in agreement', async () => {
    const property = fc.asyncProperty(fc.scheduler(), asked, failing, interleaveOperator)
    expect(await reportOf(property)).toBe('')
  })

  it('nor is a handle late that is woken meanwhile, and its gate leaks nothing', async () => {
    const wakes = fc.nat({ max: 4 })
    const property = fc.asyncProperty(fc.scheduler(), asked, failing, wakes, (s, ...rest) =>
      interleaveHandle(s, ...rest),
    )
    expect(await reportOf(property)).toBe('')
  })
})
