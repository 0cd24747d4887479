import { describe, expect, it } from 'vitest'
import { virtualClock } from '../../src/marbles/clock/virtual-clock.ts'
import { wakeAt } from '../../src/vocabulary/wake-at.ts'

describe('wakeAt', () => {
  it('waits longer than one timer can', () => {
    const clock = virtualClock(0)
    const woken: number[] = []
    const due = 2 ** 31 + 5
    wakeAt(clock, due, () => woken.push(clock.now()))
    clock.advanceTo(due - 1)
    expect(woken).toEqual([])
    clock.advanceTo(due + 1000)
    expect(woken).toEqual([due])
    expect(clock.pending).toBe(0)
  })

  it('is not early when the clock steps back', () => {
    const clock = virtualClock(100_000)
    const woken: number[] = []
    wakeAt(clock, 110_000, () => woken.push(clock.now()))
    clock.step(-50_000)
    clock.advance(10_000)
    expect(woken).toEqual([])
    clock.advance(50_000)
    expect(woken).toEqual([110_000])
  })

  it('notices within a minute that the clock stepped forward', () => {
    const clock = virtualClock(0)
    const woken: number[] = []
    wakeAt(clock, 86_400_000, () => woken.push(clock.now()))
    clock.step(86_400_000)
    clock.advance(60_000)
    expect(woken).toHaveLength(1)
  })

  it('goes at once for a time that has passed, but not before the caller has its subscription', () => {
    const clock = virtualClock(10)
    const woken: number[] = []
    wakeAt(clock, 3, () => woken.push(clock.now()))
    expect(woken).toEqual([])
    clock.advance(0)
    expect(woken).toEqual([10])
  })

  it('leaves no timer behind when it is no longer wanted', () => {
    const clock = virtualClock(0)
    const wake = wakeAt(clock, 200_000, () => expect.unreachable())
    clock.advance(90_000)
    wake.unsubscribe()
    clock.advance(200_000)
    expect(clock.pending).toBe(0)
  })
})
