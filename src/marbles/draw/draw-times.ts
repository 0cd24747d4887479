import type { AlarmTime } from '../../index.ts'
import type { TimelineEvent } from '../timeline/timeline.ts'

/** How a drawing prints its times; what is different is printed differently. */
export interface TimePrinter {
  /** a moment of the clock */
  moment(at: number): string
  /** an alarm time */
  alarm(time: AlarmTime): string
  /** alarm times of which one holds, earliest first */
  oneOf(times: readonly AlarmTime[]): string
  /** how long something took */
  lasting(ms: number): string
  /** the same where it may be unknown, behind a moment */
  after(took: number | null): string
  /** what a reader has to know about them */
  readonly legend: string
}

// Between a clock that a test starts at 0 and the clock on the wall lie 50 years; 1e10 ms is April 1970.
const isDate = (time: number): boolean => time >= 1e10

/**
 * Times are printed from the epoch where the clock is a test's, and from the first event where it is the one on the wall.
 *
 * Where all of them are short they are bare numbers of ms, as in a marble diagram.
 */
export function timePrinter(events: readonly TimelineEvent[]): TimePrinter {
  const first = events[0]?.at ?? 0
  const start = isDate(first) ? first : 0
  const isBare = events.every((event) => timesOf(event).every((time) => Math.abs(time) < 1000))
  const lasting = (ms: number): string => (isBare ? String(ms) : printDuration(ms))
  const alarm = (time: AlarmTime): string => {
    if (time === null) return 'none'
    if (isDate(time) !== isDate(start)) return absolute(time)
    const from = time - start
    return start > 0 && from >= 0 ? `+${lasting(from)}` : lasting(from)
  }
  return {
    moment: (at) => lasting(at - start),
    alarm,
    lasting,
    after: (took) => (took === null ? '' : ` after ${lasting(took)}`),
    oneOf: (times) =>
      times.length === 0
        ? '?'
        : times.length === 1
          ? alarm(times[0]!)
          : `${alarm(times[0]!)}..${alarm(times.at(-1)!)}`,
    legend:
      start > 0
        ? `0 is ${new Date(start).toISOString()}`
        : isBare
          ? 'times in ms'
          : 'times from 0 of the clock',
  }
}

function timesOf(event: TimelineEvent): number[] {
  const times: number[] = [event.at]
  if ('time' in event && event.time !== null) times.push(event.time)
  if ('scheduledTime' in event) times.push(event.scheduledTime)
  if (event.kind === 'intent') times.push(event.bound ?? 0, event.committed ?? 0)
  return times
}

/** Far from the clock: a date, or a number of ms that is none. */
function absolute(time: number): string {
  return isDate(time) && time <= 8.64e15 ? new Date(time).toISOString().replace('.000Z', 'Z') : `@${time}`
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
] as const

/** Exactly: `250ms`, `1.5s`, `1m30s`, `2d3h`. */
function printDuration(ms: number): string {
  if (ms < 0) return `-${printDuration(-ms)}`
  if (ms === 0) return '0'
  if (ms < 1000) return `${ms}ms`
  let rest = ms
  let printed = ''
  for (const [name, unit] of UNITS) {
    const count = Math.floor(rest / unit)
    rest -= count * unit
    if (count > 0) printed += `${count}${name}`
  }
  return rest === 0 ? printed : `${printed}${rest / 1000}s`
}

/** Roughly, for a gap that is left out: `~1h~`, `~2.5d~`. */
export function printGap(ms: number): string {
  const size = Math.abs(ms)
  const [name, unit] = [...UNITS, ['s', 1000] as const].find(([, unit]) => size >= 0.95 * unit) ?? ['ms', 1]
  const count = size / unit
  const rounded = count < 9.95 ? Math.round(count * 10) / 10 : Math.round(count)
  return `~${ms < 0 ? '-' : ''}${rounded}${name}~`
}
