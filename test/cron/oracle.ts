import { Temporal } from 'temporal-polyfill'

/**
 * When expressions are due by the clocks of a zone, found in another way than the sources do: all readings of some years are matched once, by a
 * matcher of its own, and laid over the spans of one offset that Temporal knows.
 */
const MINUTE = 60_000
const DAY = 86_400_000

/** A span in which the clocks of a zone have one offset from UTC. */
interface Span {
  readonly from: number
  readonly to: number
  readonly offset: number
}

export function spansOf(zone: string, from: number, to: number): Span[] {
  const spans: Span[] = []
  for (let at = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(zone); ; ) {
    const next = at.getTimeZoneTransition('next')
    const end = next === null ? to : Math.min(next.epochMilliseconds, to)
    const offset = at.offsetNanoseconds / 1e6
    const last = spans.at(-1)
    // A rule can change without the offset.
    if (last?.offset === offset) spans[spans.length - 1] = { ...last, to: end }
    else spans.push({ from: at.epochMilliseconds, to: end, offset })
    if (next === null || end === to) return spans
    at = next
  }
}

/** One field of five: numbers, ranges, lists and steps. */
function field(text: string, first: number, last: number): (value: number) => boolean {
  const allowed = new Set<number>()
  for (const part of text.split(',')) {
    const [range = '', step = '1'] = part.split('/')
    const [low, high] = range === '*' ? [first, last] : range.split('-').map(Number)
    for (let value = low as number; value <= (high ?? low)!; value += Number(step)) allowed.add(value)
  }
  return (value) => allowed.has(value)
}

/** All readings that an expression has from one day to another, as if they were UTC. */
export function readingsOf(expression: string, from: number, to: number): number[] {
  const [minutes, hours, days, months, weekdays] = expression.split(' ') as [
    string,
    string,
    string,
    string,
    string,
  ]
  const isMinute = field(minutes, 0, 59)
  const isHour = field(hours, 0, 23)
  const isDay = field(days, 1, 31)
  const isMonth = field(months, 1, 12)
  const isWeekday = field(weekdays, 0, 7)
  const isEither = days !== '*' && weekdays !== '*'
  const found: number[] = []
  for (let day = Math.floor(from / DAY) * DAY; day < to; day += DAY) {
    const date = new Date(day)
    const ofMonth = isDay(date.getUTCDate())
    const ofWeek = isWeekday(date.getUTCDay()) || (date.getUTCDay() === 0 && isWeekday(7))
    if (!isMonth(date.getUTCMonth() + 1) || !(isEither ? ofMonth || ofWeek : ofMonth && ofWeek)) continue
    for (let minute = 0; minute < 1_440; minute++) {
      if (isHour(Math.floor(minute / 60)) && isMinute(minute % 60)) found.push(day + minute * MINUTE)
    }
  }
  return found
}

/** The index of the first that is not before a reading. */
function indexOf(readings: readonly number[], reading: number): number {
  let [low, high] = [0, readings.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((readings[middle] as number) < reading) low = middle + 1
    else high = middle
  }
  return low
}

/** The rule that is written, span by span. */
export function expectedTimes(
  readings: readonly number[],
  spans: readonly Span[],
  isEveryHour: boolean,
): number[] {
  const times: number[] = []
  let past = Number.NEGATIVE_INFINITY // the reading that comes next was never reached before
  for (const { from, to, offset } of spans) {
    const [first, end] = [from + offset, to + offset]
    const isSetForward = past !== Number.NEGATIVE_INFINITY && first > past
    if (!isEveryHour && isSetForward && indexOf(readings, past) < indexOf(readings, first)) times.push(from)
    const since = isEveryHour ? first : Math.max(first, past)
    for (let i = indexOf(readings, since); i < readings.length && (readings[i] as number) < end; i++) {
      const time = (readings[i] as number) - offset
      if (time !== times.at(-1)) times.push(time)
    }
    past = isEveryHour ? end : Math.max(past, end)
  }
  return times
}

export const EXPRESSIONS = [
  '0 9 * * *',
  '30 2 * * *',
  '0 2 * * *',
  '15 1 * * *',
  '45 1,2,3 * * *',
  '0 0 * * *',
  '30 0 * * *',
  '59 23 * * *',
  '0 3 * * 0',
  '30 1 * * 0,6',
  '0 12 1 * *',
  '0 2 29 2 *',
  '30 2 13 * 5',
  '0 */2 * * *',
  '30 */6 * * *',
  '*/20 1-3 * * *',
  '5 4 * 3,10 *',
  '0 9 * * 1-5',
  '0 * * * *',
  '30 * * * *',
] as const

/** The times in which the two differ. */
export interface Difference {
  readonly skipped: number
  readonly doubled: number
  readonly other: number
  readonly times: number
}

/** Walks the times that `after` finds, against those that are expected. */
export function compare(
  after: (time: number) => number | null,
  expected: readonly number[],
  from: number,
  to: number,
): Difference {
  const wanted = expected.filter((time) => time > from && time < to)
  const difference = { skipped: 0, doubled: 0, other: 0, times: 0 }
  let last = from
  let at = 0
  for (let time = after(from); time !== null && time < to; time = after(time)) {
    difference.times++
    if (time <= last) {
      difference.doubled++
      return difference // it would not end
    }
    for (; at < wanted.length && (wanted[at] as number) < time; at++) difference.skipped++
    if (wanted[at] === time) at++
    else difference.other++
    last = time
  }
  difference.skipped += wanted.length - at
  return difference
}
