import { describe, expect, it } from 'vitest'
import { latenessAt, openActivity, sumOf } from '../../src/ledger/activity.ts'
import { goneText, keptOf } from '../../src/ledger/kept-minute.ts'
import { statsOf } from '../../src/ledger/stats.ts'

describe('what was done in the last minute', () => {
  it('is forgotten when it is a minute old, ten seconds at a time', () => {
    let now = 0
    const activity = openActivity(() => now)
    activity.fired(5)
    activity.failed()
    now = 15_000
    activity.fired(700)
    now = 59_999
    expect(activity.minute()).toMatchObject({ fires: 2, failures: 1, latest: 700 })
    now = 60_000
    expect(activity.minute()).toMatchObject({ fires: 1, failures: 0, latest: 700 })
    now = 80_000
    expect(activity.minute()).toMatchObject({ fires: 0, failures: 0, latest: 0, lateness: {} })
  })

  it.each([1, 3, 100, 1_000])('says a lateness that is a fifth too much at most, of %i', (count) => {
    const activity = openActivity(() => 0)
    const all = Array.from({ length: count }, (_, i) => (i * 7_919) % 100_000)
    for (const late of all) activity.fired(late)
    const sorted = all.toSorted((a, b) => a - b)
    for (const share of [0.5, 0.99, 1]) {
      const exact = sorted[Math.ceil(share * count) - 1]!
      const said = latenessAt(activity.minute(), share)!
      expect(said).toBeGreaterThanOrEqual(exact)
      expect(said).toBeLessThanOrEqual(exact * 1.2 + 1)
    }
  })

  it('is nothing where nothing was, and 0 for what a clock that stepped makes negative', () => {
    const activity = openActivity(() => 0)
    expect(latenessAt(activity.minute(), 0.5)).toBeNull()
    activity.fired(-7)
    expect(latenessAt(activity.minute(), 0.5)).toBe(0)
  })

  it('is the sum of all that deliver, but for those that were not heard of for a minute', () => {
    const [one, two] = [openActivity(() => 0), openActivity(() => 0)]
    one.fired(1)
    two.fired(1_000)
    two.failed()
    expect(sumOf([one.minute(), two.minute()])).toMatchObject({ fires: 2, failures: 1, latest: 1_000 })
    const counts = { pending: 0, due: 0, delivering: 0, 'backing-off': 0, failed: 0 }
    const deliverers = [one, two].map((activity, i) => ({
      holder: `${i}`,
      process: '',
      since: 0,
      seen: i * 60_000,
      minute: activity.minute(),
    }))
    const look = { counts, oldest: null, pauses: { generation: 0, scopes: [] }, deliverers, gone: [] }
    expect(statsOf(look, 60_000)).toMatchObject({ fires: 1 / 60, failures: 1 / 60, lateness: { max: 1_000 } })
    expect(statsOf(look, 60_000).deliverers.map(({ holder }) => holder)).toEqual(['0', '1'])
  })

  it('has the parts of a minute that those did that deliver no more, and each until it is a minute ago', () => {
    let now = 3_000
    const activity = openActivity(() => now)
    activity.fired(5)
    now = 25_000
    activity.failed()
    now = 42_000
    activity.fired(7)
    now = 49_000
    const past = activity.past()
    expect(past.map(({ ago, fires, failures }) => [ago, fires, failures])).toEqual([
      [49_000, 1, 0],
      [29_000, 0, 1],
      [9_000, 1, 0],
    ])
    const { deliverers, gone } = keptOf([
      { holder: 'a', process: '', since: 0, seen: 1_049_000, minute: goneText(past) },
      { holder: 'b', process: '', since: 0, seen: 1_049_000, minute: JSON.stringify(activity.minute()) },
    ])
    expect(deliverers.map(({ holder }) => holder)).toEqual(['b'])
    const counts = { pending: 0, due: 0, delivering: 0, 'backing-off': 0, failed: 0 }
    const look = { counts, oldest: null, pauses: { generation: 0, scopes: [] }, deliverers: [], gone }
    const at = (time: number) => {
      const { fires, failures, lateness } = statsOf(look, time)
      return [Math.round(fires * 60), Math.round(failures * 60), lateness.max]
    }
    expect(at(1_049_000)).toEqual([2, 1, 7])
    expect(at(1_059_999)).toEqual([2, 1, 7])
    expect(at(1_060_000)).toEqual([1, 1, 7])
    expect(at(1_080_000)).toEqual([1, 0, 7])
    expect(at(1_100_000)).toEqual([0, 0, null])
    now = 110_000
    expect(activity.past()).toEqual([])
  })
})
