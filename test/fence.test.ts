import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { epochOf, firstFence, nextFence } from '../src/fence.ts'

const epoch = fc.integer({ min: 0, max: 2 ** 25 - 1 })

describe('the fence', () => {
  it('grows with every write and every epoch, and stays exact', () => {
    fc.assert(
      fc.property(epoch, epoch, fc.nat({ max: 50 }), (a, b, writes) => {
        const [older, newer] = a < b ? [a, b] : [b, a]
        let fence = firstFence(older)
        for (let i = 0; i < writes; i++) {
          const next = nextFence(fence)
          expect(next).toBe(fence + 1)
          fence = next
        }
        expect(Number.isSafeInteger(fence)).toBe(true)
        expect(epochOf(fence)).toBe(older)
        if (older < newer) expect(fence).toBeLessThan(firstFence(newer))
      }),
    )
  })

  it('never runs into the next epoch, where it would outlive its successor', () => {
    const last = firstFence(4) - 1
    expect(epochOf(last)).toBe(3)
    expect(() => nextFence(last)).toThrowError(
      expect.objectContaining({ code: 'ALARM_FENCE_EXHAUSTED', counted: false }),
    )
    expect(firstFence(2 ** 25 - 1) + 2 ** 28 - 1).toBe(Number.MAX_SAFE_INTEGER)
  })

  it.each([-1, 0.5, Number.NaN, 2 ** 25, '1'])('refuses the epoch %s', (bad) => {
    expect(() => firstFence(bad as number)).toThrowError(
      expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }),
    )
  })
})
