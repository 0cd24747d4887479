import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkEpoch, fenceOf, sequenceOf } from '../src/fence.ts'

const LAST_EPOCH = 2 ** 25 - 1
const LAST_SEQUENCE = 2 ** 28 - 1
const epoch = fc.integer({ min: 0, max: LAST_EPOCH })
const sequence = fc.integer({ min: 1, max: LAST_SEQUENCE })

describe('the fence', () => {
  it('grows with every write and every epoch, and stays exact', () => {
    fc.assert(
      fc.property(epoch, sequence, epoch, sequence, (a, n, b, m) => {
        const isOlder = a < b || (a === b && n < m)
        expect(fenceOf(a, n) < fenceOf(b, m)).toBe(isOlder)
        expect(Number.isSafeInteger(fenceOf(a, n))).toBe(true)
        expect(sequenceOf(a, fenceOf(a, n))).toBe(n)
      }),
    )
    expect(fenceOf(LAST_EPOCH, LAST_SEQUENCE)).toBe(Number.MAX_SAFE_INTEGER)
  })

  it('counts what an epoch before wrote as no write of ours', () => {
    expect(sequenceOf(4, fenceOf(3, LAST_SEQUENCE))).toBeLessThan(1)
    expect(sequenceOf(4, fenceOf(4, 1))).toBe(1)
  })

  it('never runs into the next epoch, where it would outlive its successor', () => {
    expect(() => fenceOf(3, LAST_SEQUENCE + 1)).toThrowError(
      expect.objectContaining({
        code: 'ALARM_FENCE_EXHAUSTED',
        counted: false,
        message:
          'Epoch 3 has used all its 268435455 manager writes. Open the alarm again with a higher epoch.',
      }),
    )
  })

  it.each([-1, 0.5, Number.NaN, LAST_EPOCH + 1, '1'])('refuses the epoch %s', (bad) => {
    expect(() => checkEpoch(bad as number)).toThrowError(
      expect.objectContaining({
        code: 'ALARM_CONFIG_INVALID',
        message: expect.stringContaining(
          'epoch must be a whole number from 0 to 33554431, raised by the store at each opening; given ',
        ),
      }),
    )
  })
})
