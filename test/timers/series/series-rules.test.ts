import { Cron } from 'croner'
import { describe, expect, it } from 'vitest'
import { checkPlan, type EveryOptions } from '../../../src/timers/series/check-plan.ts'
import { cronReader } from '../../../src/timers/series/cron-reader.ts'
import { firstOfSeries, resumed, rowRules } from '../../../src/timers/series/series-rules.ts'
import { lastUntil, timesBy } from '../../../src/timers/series/series-times.ts'
import type { TimerRow } from '../../../src/timers/timer.ts'

const timesOf = timesBy(cronReader(() => Cron))
const rules = rowRules(timesOf)
const MINUTE = 60_000

/** One timer in a series, driven by hand. */
function start(options: EveryOptions, now = 0) {
  let row = firstOfSeries('t', 1, checkPlan(options), now, timesOf)!
  let serial = 1
  return {
    get row() {
      return row
    },
    /** Comes to it at `began`, and is done at `ended`; the time that was handled, `null` for none. */
    run(began: number, ended = began, error?: object): number | null {
      const { runs, timer } = rules.begin(row, began)
      if (!runs) {
        row = timer!
        return null
      }
      const handled = timer!
      const next =
        error === undefined
          ? rules.succeeded(handled, row, ended, ++serial)
          : rules.failed(handled, row, { error, hasAbandon: false }, ended, ++serial)
      row = next!
      return handled.time
    },
    change(change: (row: TimerRow) => TimerRow) {
      row = change(row)
    },
  }
}

const outcomes = ({ series }: TimerRow) => series!.history.map(({ time, outcome }) => `${time} ${outcome}`)

describe('a timer that comes again', () => {
  it('counts its intervals from now, or from its start, whatever a handler takes', () => {
    const fromNow = start({ interval: 100 }, 30)
    expect(fromNow.row.time).toBe(130)
    expect([fromNow.run(131), fromNow.row.time, fromNow.run(235, 240), fromNow.row.time]).toEqual([
      130, 230, 230, 330,
    ])
    expect(start({ interval: 100, start: 1_005 }, 30).row.time).toBe(1_005)
    expect(start({ interval: 100, start: 5 }, 250).row.time).toBe(305)
  })

  it('is another timer each time, and ends after its end', () => {
    const series = start({ interval: 100, end: 250 })
    expect([series.row.serial, series.row.time]).toEqual([1, 100])
    series.run(100)
    expect([series.row.serial, series.row.time]).toEqual([2, 200])
    series.run(200)
    expect(series.row).toBe(null)
  })

  it('is late by its jitter, the same for the same time, and other for others', () => {
    const series = start({ interval: 1_000, jitter: 500 })
    const late: number[] = []
    for (let i = 0; i < 20; i++) {
      late.push(series.row.due! - series.row.time)
      series.run(series.row.due!)
    }
    expect(Math.max(...late)).toBeLessThanOrEqual(500)
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0)
    expect(new Set(late).size).toBeGreaterThan(15)
    const again = start({ interval: 1_000, jitter: 500 })
    expect(again.row.due! - again.row.time).toBe(late[0])
  })
})

describe('what was missed while nothing was delivered', () => {
  it('is handled once, by default: the last of it', () => {
    const series = start({ interval: 100 })
    expect([series.run(1_050), series.row.time]).toEqual([1_000, 1_100])
    expect(outcomes(series.row)).toEqual(['100 missed', '1000 done'])
  })

  it('is handled if it is no older than the window', () => {
    const series = start({ interval: 1_000, window: 30 })
    expect([series.run(5_031), series.row.time]).toEqual([null, 6_000])
    expect(outcomes(series.row)).toEqual(['1000 missed'])
    expect(series.run(6_030)).toBe(6_000)
  })

  it('is not handled with none, but what is a minute late at most is', () => {
    const series = start({ interval: 10 * MINUTE, catchUp: 'none' })
    expect(series.run(11 * MINUTE)).toBe(10 * MINUTE)
    expect(series.run(21 * MINUTE + 1)).toBe(null)
    expect(series.row.time).toBe(30 * MINUTE)
  })

  it('is handled one by one with all, each time as what it is, up to where it was when that began', () => {
    const series = start({ interval: 100, catchUp: 'all' })
    expect([series.run(350, 360), series.row.due, series.row.time]).toEqual([100, 200, 200])
    expect([series.run(360, 370), series.run(370, 380), series.row.time]).toEqual([200, 300, 400])
    expect(outcomes(series.row)).toEqual(['100 done', '200 done', '300 done'])
  })

  it('is handled from the window on with all', () => {
    const series = start({ interval: 100, catchUp: 'all', window: 250 })
    expect([series.run(1_050), series.run(1_050), series.run(1_050), series.row.time]).toEqual([
      800, 900, 1_000, 1_100,
    ])
    expect(outcomes(series.row)[0]).toBe('100 missed')
  })

  it('is found without a walk through all of it', () => {
    let asked = 0
    const times = {
      after(time: number) {
        asked++
        return Math.floor(time / 1_000) * 1_000 + 1_000
      },
    }
    expect(lastUntil(times, 1_000, 31_536_000_500)).toBe(31_536_000_000)
    expect(asked).toBeLessThan(100)
    const rare = { after: (time: number) => (time < 1_000 ? 1_000 : time < 900_000_000 ? 900_000_000 : null) }
    expect(lastUntil(rare, 1_000, 31_536_000_500)).toBe(900_000_000)
    expect(lastUntil(rare, 1_000, 800_000_000)).toBe(1_000)
  })
})

describe('what comes due while the handler of the one before is at work', () => {
  it('is skipped by default', () => {
    const series = start({ interval: 100 })
    expect([series.run(100, 350), series.row.time]).toEqual([100, 400])
    expect(outcomes(series.row)).toEqual(['100 done', '200 skipped'])
  })

  it('waits with queue: the last of it, though it may be old by then', () => {
    const series = start({ interval: 100, overlap: 'queue', catchUp: 'none', window: 10 })
    expect([series.run(100, 350), series.row.time, series.row.due]).toEqual([100, 300, 300])
    expect([series.run(351, 352), series.row.time]).toEqual([300, 400])
  })

  it('is skipped while all is caught up with, and what was missed in between is not', () => {
    const series = start({ interval: 100, catchUp: 'all' })
    // 300 and 400 come due while the handler of 100 is at work, 500 after that, before the next one is called.
    expect([series.run(250, 400), series.run(520, 530), series.run(530, 540), series.row.time]).toEqual([
      100, 200, 500, 600,
    ])
    expect(outcomes(series.row)).toEqual(['100 done', '300 skipped', '200 done', '500 done'])
    expect(series.row.series!.skipped).toEqual([])
  })

  it('waits with queue while all is caught up with: the last of it, at its place', () => {
    const series = start({ interval: 100, catchUp: 'all', overlap: 'queue' })
    expect([series.run(250, 410), series.run(410, 420), series.run(420, 430), series.row.time]).toEqual([
      100, 200, 400, 500,
    ])
  })

  it('comes after the retries of a time, which stay those of that time', () => {
    const series = start({ interval: 1_000 })
    expect(series.run(1_000, 1_000, new Error('no'))).toBe(1_000)
    expect(series.row).toMatchObject({ time: 1_000, counted: 1, lastError: { message: 'no' } })
    expect(series.run(series.row.due!)).toBe(1_000)
    expect(outcomes(series.row)).toEqual(['1000 done', '2000 skipped'])
    expect(series.row).toMatchObject({ counted: 0, lastError: null })
  })
})

describe('a time that is given up', () => {
  it('is in the history, and the next one comes', () => {
    const series = start({ interval: 100 })
    series.run(100, 100, Object.assign(new Error('no'), { retry: false }))
    expect(series.row).toMatchObject({ time: 200, due: 200, counted: 0, lastError: null })
    expect(series.row.series!.history).toEqual([
      { time: 100, began: 100, ended: 100, outcome: 'failed', error: { name: 'Error', message: 'no' } },
    ])
  })

  it('keeps the last ten only', () => {
    const series = start({ interval: 100 })
    for (let i = 1; i < 30; i++) series.run(i * 100)
    expect(outcomes(series.row)).toHaveLength(10)
    expect(outcomes(series.row).at(-1)).toBe('2900 done')
  })
})

describe('a pause', () => {
  const paused = (row: TimerRow): TimerRow => ({
    ...row,
    due: null,
    series: { ...row.series!, paused: true },
  })

  it('holds the next time until it is resumed, from then on', () => {
    const series = start({ interval: 100 })
    series.change(paused)
    series.change((row) => resumed(row, 1_050, timesOf)!)
    expect(series.row).toMatchObject({ time: 1_100, due: 1_100 })
  })

  it('that begins while the handler is at work is one of the next time', () => {
    const series = start({ interval: 100 })
    const { timer } = rules.begin(series.row, 100)
    const next = rules.succeeded(timer!, paused(series.row), 110, 2)
    expect(next).toMatchObject({ due: null, time: 200, series: { paused: true } })
    const failed = rules.failed(
      timer!,
      paused(series.row),
      { error: new Error('no'), hasAbandon: false },
      110,
      2,
    )
    expect(failed).toMatchObject({ due: null, counted: 1, series: { paused: true } })
  })
})

describe('a plan', () => {
  it.each<[EveryOptions | undefined]>([
    [undefined],
    [{}],
    [{ cron: '* * * * *', interval: 5 }],
    [{ interval: 0 }],
    [{ interval: 10, jitter: -1 }],
    [{ interval: 10, window: 0.5 }],
    [{ interval: 10, catchUp: 'some' as 'all' }],
    [{ interval: 10, overlap: 'both' as 'skip' }],
    [{ cron: '* * * * *', timeZone: 'Mars/Olympus' }],
    [{ intervall: 10 } as EveryOptions],
  ])('is refused: %o', (options) => {
    expect(() => checkPlan(options as EveryOptions)).toThrow(
      expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }),
    )
  })
})
