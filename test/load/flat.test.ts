import { describe, expect, it } from 'vitest'
import { random } from '../../examples/fleet/random.ts'
import { trendOf } from './flat.ts'

const MINUTE = 60

/** A heap that is moved by some KB at each sample, and grows by `growth` bytes a second. */
function heap(growth: number, seed: number): number[] {
  const chance = random(seed)
  return Array.from({ length: MINUTE }, (_, second) => 13e6 + growth * second + (chance() - 0.5) * 20_000)
}

describe('a trend', () => {
  it('is the slope of a line', () => {
    const line = Array.from({ length: MINUTE }, (_, second) => 5 + 700 * second)
    expect(trendOf(line)).toEqual({ slope: 700, low: 700, high: 700, isFlat: false })
  })

  it('is flat where samples only jump about', () => {
    for (let seed = 1; seed <= 20; seed++) expect(trendOf(heap(0, seed)).isFlat, `seed ${seed}`).toBe(true)
  })

  it('is not flat where the smallest object is kept of every thousandth intent', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { isFlat, slope } = trendOf(heap(1_600, seed))
      expect(isFlat, `seed ${seed}`).toBe(false)
      expect(Math.abs(slope - 1_600)).toBeLessThan(600)
    }
  })

  it('does not take the compilers at the beginning for a leak', () => {
    const warming = heap(0, 1).map((bytes, second) => bytes + Math.min(second, 25) * 20_000)
    expect(trendOf(warming).isFlat).toBe(true)
  })

  it('says nothing of too few samples', () => {
    expect(trendOf([1]).slope).toBeNaN()
    expect(trendOf([1]).isFlat).toBe(false)
  })
})
