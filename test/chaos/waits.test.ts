import { describe, expect, it } from 'vitest'
import { type Run, rivalsOf } from './owners.ts'
import { HELD_LONGER, LEASE } from './plan.ts'
import type { ChaosLine, RowChange } from './tables.ts'
import { faultsOf, spansOf, uncovered, waitsOf } from './waits.ts'

const row = (at: number, change: Partial<RowChange> = {}): RowChange => ({
  ...{ at, key: 'a', time: 0, due: 0, fence: 1, failures: 0, holder: null, leasedUntil: null },
  ...change,
})
const lease = (at: number, holder: string, until: number): RowChange =>
  row(at, { holder, leasedUntil: until, due: until })

const journal = (
  ...told: readonly [real: number, kind: ChaosLine['kind'], time: number | null][]
): ChaosLine[] =>
  told.map(([real, kind, time], i) => {
    return {
      seq: i,
      key: 'a',
      real,
      shown: real,
      kind,
      time,
      stands: null,
      op: null,
      epoch: 1,
      committed: real + 1,
    }
  })

describe('how long an alarm has waited', () => {
  it('is counted from its time, or from its commit, to its first handler', () => {
    const late = journal([0, 'set', 100], [130, 'began', 100], [140, 'began', 100])
    expect(waitsOf('a', late, [], [])).toEqual([{ key: 'a', time: 100, from: 100, to: 130, idle: 30 }])
    expect(waitsOf('a', journal([200, 'set', 100], [230, 'began', 100]), [], [])).toMatchObject([
      { from: 201, idle: 29 },
    ])
  })

  it('is not counted where the alarm was replaced before it was due', () => {
    expect(waitsOf('a', journal([0, 'set', 100], [99, 'delete', null]), [], [])).toEqual([])
  })

  it('excuses leases, back-offs and troubles, each ms once', () => {
    const lines = journal([0, 'set', 100], [1_000, 'began', 100])
    const history = [
      lease(150, 'one', 300),
      row(250, { time: 100, due: 400, failures: 1 }),
      lease(500, 'two', 900),
    ]
    expect(spansOf(history)).toEqual([
      { from: 150, to: 250 },
      { from: 250, to: 400 },
      { from: 500, to: 900 },
    ])
    const [wait] = waitsOf('a', lines, history, [{ from: 380, to: 450 }])
    expect(wait!.idle).toBe(50 + 50 + 100)
  })

  it('knows no excuse in a lease that was over before', () => {
    expect(
      uncovered({ from: 10, to: 20 }, [
        { from: 0, to: 10 },
        { from: 20, to: 30 },
        { from: 12, to: 13 },
      ]),
    ).toBe(9)
  })
})

describe('the history of a row', () => {
  it('shows a lease that was taken from its holder, that is too long, and a fence that went down', () => {
    const end = LEASE + HELD_LONGER
    expect(faultsOf([lease(0, 'one', end), lease(end, 'two', 2 * end), row(end + 1, { fence: 2 })])).toEqual(
      [],
    )
    expect(faultsOf([lease(0, 'one', end), lease(end - 1, 'two', end)])).toEqual([
      expect.stringMatching(/^OWNER/),
    ])
    expect(faultsOf([lease(0, 'one', end + 1)])).toEqual([expect.stringMatching(/^SLOW/)])
    expect(faultsOf([row(0, { fence: 2 }), row(1, { fence: 1 })])).toEqual([expect.stringMatching(/^FENCE/)])
  })

  it('shows a back-off that is longer than 2 s doubled with each failure, and a quarter', () => {
    expect(faultsOf([row(0, { failures: 2, due: 5_000 })])).toEqual([])
    expect(faultsOf([row(0, { failures: 1, due: 5_000 })])).toEqual([expect.stringMatching(/^SLOW/)])
  })
})

describe('two handlers of one actor', () => {
  const run = (worker: string, began: number, ended: number): Run => ({ key: 'a', worker, began, ended })

  it('may follow each other, or the end of a lease', () => {
    const history = [lease(0, 'one', 100), lease(100, 'two', 200)]
    expect(rivalsOf([run('one', 1, 50), run('two', 51, 60)], history)).toEqual([])
    expect(rivalsOf([run('one', 1, Infinity), run('two', 101, 160)], history)).toEqual([])
  })

  it('may not be at work at the same time while the lease of the first lives', () => {
    const history = [lease(0, 'one', 100), row(40), lease(50, 'two', 150)]
    expect(rivalsOf([run('one', 1, Infinity), run('two', 51, 60)], history)).toHaveLength(1)
  })
})
