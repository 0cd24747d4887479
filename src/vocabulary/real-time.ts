import { asyncScheduler, type SchedulerLike } from 'rxjs'
import { timeError } from './error-of.ts'
import type { AlarmError } from './errors.ts'
import { checkTime } from './time.ts'

/** Reads a time that a user gave, or throws `ALARM_TIME_INVALID` before anything has changed. */
export type TimeCheck = (time: number | Date) => number

// March 1973, and a delay of three years: a time below it is hardly ever meant.
const SMALLEST = 100_000_000_000
// September 2001 in seconds. Delays of twelve days and more are above it too, so both sums are shown.
const SECONDS = 1_000_000_000

/** Whether a time is rather a delay, or seconds. */
export const isHardlyMeant = (ms: number): boolean => ms > 0 && ms <= SMALLEST

/**
 * How a store reads times. On the machine's own clock, that is where no other scheduler is injected, a time between 1 and 10^11 is a delay
 * or seconds: it would fire at once, so it is refused. 0 means at once. `asyncScheduler` is virtual inside of `TestScheduler.run`.
 */
export function timeCheckOf(scheduler: SchedulerLike | undefined): TimeCheck {
  if (scheduler !== undefined && scheduler !== asyncScheduler) return checkTime
  return (time) => {
    const ms = checkTime(time)
    if (isHardlyMeant(ms) && asyncScheduler.now() > SMALLEST) throw tooSmall(ms)
    return ms
  }
}

function tooSmall(ms: number): AlarmError {
  const seconds = ms >= SECONDS ? `for seconds since the epoch write ${ms} * 1000, ` : ''
  return timeError(
    ms,
    `An alarm time is in milliseconds since the epoch; given ${ms}, which is in ${new Date(ms).getUTCFullYear()} and would fire at once: ` +
      `${seconds}for a delay write Date.now() + ${ms} or setIn(${ms}), and 0 for at once.`,
  )
}

/** The method by which an alarm reads times: what keeps further times on that alarm reads them the same way. */
export const readsTimes: unique symbol = /* @__PURE__ */ Symbol.for('nolater.readsTimes')

/** How times are read that are kept on this alarm. */
export function timeCheckFor(alarm: object): TimeCheck {
  return (alarm as { readonly [readsTimes]?: TimeCheck })[readsTimes] ?? checkTime
}
