import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openHistogram } from '../../../src/telemetry/summaries/distribution.ts'

/** The smallest value that `share` of all are not above. */
function exact(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(share * sorted.length) - 1]!
}

function distributionOf(values: readonly number[]) {
  const histogram = openHistogram()
  for (const value of values) histogram.add(value)
  return histogram.take()
}

/** Milliseconds as they come: many small ones, some of a day, and the largest there can be. */
const duration = fc.oneof(
  fc.nat(300),
  fc.nat(86_400_000),
  fc.maxSafeNat(),
  fc.constantFrom(0, 127, 128, 129, 2 ** 40 - 1, 2 ** 40, Number.MAX_SAFE_INTEGER),
)
const durations = fc.array(duration, { minLength: 1, maxLength: 300 })

describe('a distribution', () => {
  it('has quantiles less than 0.8 % from the exact ones', () => {
    fc.assert(
      fc.property(durations, (values) => {
        const { p50, p99 } = distributionOf(values)
        for (const [seen, share] of [
          [p50, 0.5],
          [p99, 0.99],
        ] as const) {
          const due = exact(values, share)
          expect(Math.abs(seen! - due)).toBeLessThanOrEqual(due / 128)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('is exact below 128 ms', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(127), { minLength: 1 }), (values) => {
        expect(distributionOf(values)).toEqual({
          count: values.length,
          min: Math.min(...values),
          max: Math.max(...values),
          p50: exact(values, 0.5),
          p99: exact(values, 0.99),
        })
      }),
    )
  })

  it('has the exact count, least and most', () => {
    fc.assert(
      fc.property(durations, (values) => {
        const { count, min, max } = distributionOf(values)
        expect([count, min, max]).toEqual([values.length, Math.min(...values), Math.max(...values)])
      }),
    )
  })

  it('is never outside of what it has seen', () => {
    fc.assert(
      fc.property(duration, (value) => {
        expect(distributionOf([value])).toEqual({ count: 1, min: value, max: value, p50: value, p99: value })
      }),
    )
  })

  it('is what was added since the last time', () => {
    const histogram = openHistogram()
    for (const value of [3, 3, 3, 90]) histogram.add(value)
    histogram.take()
    for (const value of [5, 80, 80]) histogram.add(value)
    expect(histogram.take()).toEqual({ count: 3, min: 5, max: 80, p50: 80, p99: 80 })
  })

  it('of nothing has nothing but its count', () => {
    expect(openHistogram().take()).toEqual({ count: 0, min: null, max: null, p50: null, p99: null })
  })

  it('rounds to whole ms, takes what is negative for 0, and no number for nothing', () => {
    expect(distributionOf([-5, 0.4, 2.6, Number.NaN])).toEqual({ count: 3, min: 0, max: 3, p50: 0, p99: 3 })
    expect(distributionOf([Infinity]).max).toBe(Number.MAX_SAFE_INTEGER)
  })
})
