import { Cron } from 'croner'
import { describe, expect, it } from 'vitest'
import { cronTimes } from '../../../src/timers/series/cron-times.ts'
import { readExpression } from '../../../src/timers/series/croner.ts'
import { wallClock } from '../../../src/timers/series/wall-clock.ts'
import { compare, EXPRESSIONS, expectedTimes, readingsOf, spansOf } from '../../cron/oracle.ts'

const DAY = 86_400_000

/** The times of a day, by the clock of UTC. */
function timesOn(expression: string, zone: string, day: string, days = 1): string[] {
  const times = cronTimes(readExpression(expression, Cron), wallClock(zone))
  const from = Date.parse(day)
  const found: string[] = []
  for (let at = times.after(from - 1); at !== null && at < from + days * DAY; at = times.after(at))
    found.push(new Date(at).toISOString().slice(5, 16))
  return found
}

describe('a cron expression where the clock is set', () => {
  it.each([
    // Berlin, 29 March 2026: from 02:00 to 03:00, at 01:00 UTC
    [
      'is due at the moment at which the clock is set forward over it',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-03-29',
      ['03-29T01:00'],
    ],
    [
      'is due once where several are set forward over',
      '*/20 2 * * *',
      'Europe/Berlin',
      '2026-03-29',
      ['03-29T01:00'],
    ],
    [
      'is due once where it is due at that moment, too',
      '0 2,3 * * *',
      'Europe/Berlin',
      '2026-03-29',
      ['03-29T01:00'],
    ],
    ['has no more times where it is for every hour', '30 * * * *', 'Europe/Berlin', '2026-03-29', undefined],
    // 25 October 2026: from 03:00 back to 02:00, at 01:00 UTC
    [
      'is due the first time where it comes twice',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-10-25',
      ['10-25T00:30'],
    ],
    // Lord Howe, 5 April 2026: half an hour back from 02:00, at 15:00 UTC of the day before
    [
      'is due once on Lord Howe, where the clock is set by half an hour',
      '45 1 * * *',
      'Australia/Lord_Howe',
      '2026-04-04',
      ['04-04T14:45'],
    ],
    [
      'is due on Lord Howe at the moment at which the clock is set forward',
      '15 2 * * *',
      'Australia/Lord_Howe',
      '2026-10-03',
      ['10-03T15:30'],
    ],
    // Samoa had no 30 December 2011: it went on with the 31st, at 10:00 UTC
    [
      'is due at the moment at which a whole day is left out',
      '0 9 * * *',
      'Pacific/Apia',
      '2011-12-30',
      ['12-30T10:00', '12-30T19:00'],
    ],
  ])('%s: %s in %s', (_, expression, zone, day, expected) => {
    const times = timesOn(expression, zone, day)
    if (expected === undefined) expect(times).toHaveLength(24)
    else expect(times).toEqual(expected)
  })

  it('comes every hour that there is: 23 and 25 on the days on which the clock is set', () => {
    const inBerlin = (day: string): number => timesOn('0 * * * *', 'Europe/Berlin', day).length
    expect([inBerlin('2026-03-28T23:00Z'), inBerlin('2026-10-24T22:00Z')]).toEqual([24, 24]) // by UTC, 24 h of it
    expect(timesOn('15 * * * *', 'Australia/Lord_Howe', '2026-04-04').slice(13, 18)).toEqual([
      '04-04T13:15',
      '04-04T14:15',
      '04-04T15:45',
      '04-04T16:45',
      '04-04T17:45',
    ])
    expect(timesOn('45 * * * *', 'Australia/Lord_Howe', '2026-04-04').slice(13, 17)).toEqual([
      '04-04T13:45',
      '04-04T14:45',
      '04-04T15:15',
      '04-04T16:15',
    ])
  })

  it.each(['* * * * *', '0 0-23 * * *', '@hourly', '0 */1 * * *', '0 0 * * * *', '5 0-12,13-23 * * 1'])(
    'knows %s for one of every hour',
    (expression) => expect(readExpression(expression, Cron).isEveryHour).toBe(true),
  )
  it.each(['0 */2 * * *', '0 1-23 * * *', '@daily', '0 0 1 * * *', '@weekly'])(
    'knows %s for one of some hours',
    (expression) => expect(readExpression(expression, Cron).isEveryHour).toBe(false),
  )
  it.each(['', 'tea', '61 * * * *', '* * *', '2026-01-01T00:00:00', 7])('refuses %s', (expression) => {
    expect(() => readExpression(expression as string, Cron)).toThrow(
      expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }),
    )
  })
})

describe('cron times against an oracle on Temporal', () => {
  const zones = [
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Africa/Casablanca',
    'Antarctica/Troll',
    'America/St_Johns',
    'Asia/Kathmandu',
    'Africa/Cairo',
    'America/Santiago',
    'Pacific/Chatham',
    'Asia/Beirut',
    'UTC',
  ]
  it.each(zones)('skip none and double none in %s, in two years', (zone) => {
    const [from, to] = [Date.UTC(2025, 0, 1), Date.UTC(2027, 0, 1)]
    const spans = spansOf(zone, from - 2 * DAY, to + 2 * DAY)
    const clock = wallClock(zone)
    let times = 0
    for (const expression of EXPRESSIONS) {
      const cron = readExpression(expression, Cron)
      const readings = readingsOf(expression, from - 3 * DAY, to + 3 * DAY)
      const expected = expectedTimes(readings, spans, cron.isEveryHour)
      const found = compare(cronTimes(cron, clock).after, expected, from, to)
      expect({ expression, ...found }).toMatchObject({ skipped: 0, doubled: 0, other: 0 })
      times += found.times
    }
    expect(times).toBeGreaterThan(50_000)
  })

  it('is one that finds what croner skips or doubles by itself', () => {
    const [from, to] = [Date.UTC(2025, 0, 1), Date.UTC(2027, 0, 1)]
    const spans = spansOf('Australia/Lord_Howe', from - 2 * DAY, to + 2 * DAY)
    const readings = readingsOf('45 1 * * *', from - 3 * DAY, to + 3 * DAY)
    const expected = expectedTimes(readings, spans, false)
    const twice = (time: number): number | null => {
      const next = expected.find((each) => each > time) ?? null
      return next !== null && next === expected[100] ? expected[101]! : next
    }
    expect(compare(twice, expected, from, to).skipped).toBe(1)
  })
})
