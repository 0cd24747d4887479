import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  checkEpoch,
  epochAbove,
  fenceOf,
  needsEpoch,
  ofTheFormerSplit,
  sequenceOf,
} from '../../src/vocabulary/fence.ts'

const LAST_EPOCH = 2 ** 31 - 1
const LAST_SEQUENCE = 2 ** 22 - 1
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
          'Epoch 3 has used all its 4194303 manager writes. Open the alarm again with a higher epoch, or give `raise`, which takes one while ' +
          'it is open.',
      }),
    )
  })

  it('goes on without a gap into the epochs that the opening owns besides', () => {
    expect(fenceOf(3, LAST_SEQUENCE + 1, 1)).toBe(fenceOf(3, LAST_SEQUENCE) + 1)
    expect(fenceOf(3, LAST_SEQUENCE + 2, 1)).toBe(fenceOf(4, 1))
    expect(sequenceOf(3, fenceOf(4, 1))).toBe(LAST_SEQUENCE + 2)
    expect(() => fenceOf(3, 2 * (LAST_SEQUENCE + 1), 1)).toThrow()
  })

  it('needs another epoch when the sequences are used up, and where it can be early from half of them on', () => {
    const half = (LAST_SEQUENCE + 1) / 2
    const needed = (sequence: number, spare: number) =>
      [false, true].map((early) => needsEpoch(sequence, spare, early))
    expect(needed(half - 1, 0)).toEqual([false, false])
    expect(needed(half, 0)).toEqual([false, true])
    expect(needed(LAST_SEQUENCE, 0)).toEqual([false, true])
    expect(needed(LAST_SEQUENCE + 1, 0)).toEqual([true, true])
    expect(needed(LAST_SEQUENCE + 1, 1)).toEqual([false, false])
    expect(needed(2 * (LAST_SEQUENCE + 1), 1)).toEqual([true, true])
  })

  it('is found from a fence that is held, at most a 32nd of all epochs above', () => {
    expect(epochAbove(fenceOf(5, 3), 1)).toBe(6)
    expect(epochAbove(fenceOf(5, 3), 6)).toBeNull()
    expect(epochAbove(fenceOf(2 ** 26, 0), 1)).toBe(2 ** 26 + 1)
    expect(epochAbove(fenceOf(2 ** 26 + 1, 0), 1)).toBeNull()
    expect(epochAbove(Number.MAX_SAFE_INTEGER, LAST_EPOCH - 1)).toBeNull()
    expect(epochAbove(fenceOf(5, 3) + 0.5, 1)).toBeNull()
  })

  it.each([-1, 0.5, Number.NaN, LAST_EPOCH + 1, '1'])('refuses the epoch %s', (bad) => {
    expect(() => checkEpoch(bad as number)).toThrowError(
      expect.objectContaining({
        code: 'ALARM_CONFIG_INVALID',
        message: expect.stringContaining(
          'epoch must be a whole number from 0 to 2147483647, raised by the store at each opening; given ',
        ),
      }),
    )
  })
})

it('an epoch of the former split becomes one above all the fences that were given out under it', () => {
  const sql = ofTheFormerSplit('epoch', 'least')
  expect(sql).toBe('least((epoch + 1) * 64, 2147483647)')
  expect(fenceOf((7 + 1) * 64, 0)).toBeGreaterThan(7 * 2 ** 28 + 2 ** 28 - 1)
})
