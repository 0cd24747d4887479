import { describe, expect, it } from 'vitest'
import { failuresOf, isExhausted, redeliver, retryUncounted } from '../../src/ledger/redelivery.ts'

const none = { counted: 0, uncounted: 0 }
const uncounted = Object.assign(new Error('the store was away'), { counted: false })

describe('redeliver', () => {
  it('waits 2 s, doubling, with up to a quarter on top, and gives up after 6 retries that count', () => {
    let failures = none
    const delays: (number | null)[] = []
    for (let i = 0; i < 7; i++) {
      const outcome = redeliver('a', failures, new Error('no'))
      expect(outcome.counted).toBe(true)
      delays.push(outcome.delay)
      failures = outcome.failures
    }
    for (const [i, base] of [2_000, 4_000, 8_000, 16_000, 32_000, 64_000].entries()) {
      expect(delays[i]).toBeGreaterThanOrEqual(base)
      expect(delays[i]).toBeLessThanOrEqual(base * 1.25)
    }
    expect(delays[6]).toBeNull()
    expect(delays).toHaveLength(7)
    expect(isExhausted(failures)).toBe(true)
    expect(isExhausted({ counted: 6, uncounted: 99 })).toBe(false)
  })

  it('retries for ever what does not count, at most 1024 s apart', () => {
    let failures = none
    const delays: number[] = []
    for (let i = 0; i < 2_000; i++) {
      const outcome = redeliver('a', failures, uncounted)
      expect(outcome.counted).toBe(false)
      delays.push(outcome.delay as number)
      failures = outcome.failures
    }
    expect(failures).toEqual({ counted: 0, uncounted: 2_000 })
    expect(delays[8]).toBeGreaterThanOrEqual(512_000)
    expect(Math.max(...delays)).toBe(1_024_000)
    expect(delays.slice(9).every((delay) => delay === 1_024_000)).toBe(true)
  })

  it('doubles with every failure so far, whether it counted or not', () => {
    const { delay, failures } = redeliver('a', { counted: 1, uncounted: 3 }, new Error('no'))
    expect(failures).toEqual({ counted: 2, uncounted: 3 })
    expect(delay).toBeGreaterThanOrEqual(32_000)
    expect(delay).toBeLessThanOrEqual(40_000)
    expect(redeliver('a', { counted: 5, uncounted: 20 }, new Error('no')).delay).toBe(1_024_000)
  })

  it('gives up at once on retry: false, whether that counts or not', () => {
    for (const error of [{ retry: false }, { retry: false, counted: false }]) {
      const { delay, failures, counted } = redeliver('a', none, error)
      expect(delay).toBeNull()
      expect(isExhausted(failures)).toBe(true)
      expect(counted).toBe(!('counted' in error))
    }
  })

  it.each([undefined, null, 'a string', 0, { counted: true, retry: true }, { counted: 0 }])(
    'counts %j',
    (error) => {
      expect(redeliver('a', none, error).failures).toEqual({ counted: 1, uncounted: 0 })
    },
  )

  it('never counts what must not count', () => {
    const { delay, failures } = retryUncounted('a', { counted: 7, uncounted: 0 })
    expect(failures).toEqual({ counted: 7, uncounted: 1 })
    expect(delay).toBeGreaterThanOrEqual(256_000)
  })

  it('spreads the alarms that failed together, the same way each time', () => {
    const jitters = Array.from({ length: 1_000 }, (_, i) => {
      const { delay } = redeliver(`actor-${i}`, none, 'no')
      expect(redeliver(`actor-${i}`, none, 'no').delay).toBe(delay)
      return Number.isInteger(delay) ? ((delay as number) - 2_000) / 500 : Number.NaN
    })
    const tenths = Array.from({ length: 10 }, (_, i) =>
      jitters.filter((x) => x >= i / 10 && x <= (i + 1) / 10),
    )
    for (const tenth of tenths) expect(tenth.length).toBeGreaterThan(70)
    // neighbours, and the failures of one key, too
    expect(new Set(jitters.slice(0, 20).map((x) => Math.round(x * 100))).size).toBeGreaterThan(10)
    const own = [1, 2, 3, 4, 5, 6].map(
      (n) => (redeliver('a', { counted: n - 1, uncounted: 0 }, 0).delay as number) / 2 ** n,
    )
    expect(new Set(own.map((x) => Math.round(x / 10))).size).toBeGreaterThan(4)
  })
})

describe('what is listed of an alarm that was given up', () => {
  const errorAfter = (ms: number) => ({ name: 'Error', message: 'no', at: 1_000 + ms, since: 1_000 })

  it('is one failure where the first error refused all retries', () => {
    expect(failuresOf(redeliver('a', none, { retry: false }).failures, errorAfter(0))).toBe(1)
  })

  it('is all that were counted, where there was a first error before or none was kept', () => {
    const failures = { counted: 7, uncounted: 2 }
    expect(failuresOf(failures, errorAfter(1))).toBe(9)
    expect(failuresOf(failures, null)).toBe(9)
    expect(failuresOf(failures, { name: 'Error', message: 'no', at: 1_000 })).toBe(9)
  })
})
