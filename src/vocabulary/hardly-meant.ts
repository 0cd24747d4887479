import { timeError } from './error-of.ts'
import type { AlarmError } from './errors.ts'
import { checkTime } from './time.ts'

// March 1973, and a delay of three years: a time below it is hardly ever meant.
const SMALLEST = 100_000_000_000
// September 2001 in seconds. Delays of twelve days and more are above it too, so both sums are shown.
const SECONDS = 1_000_000_000

/** Whether a time is rather a delay, or seconds. */
export const isHardlyMeant = (ms: number): boolean => ms > 0 && ms <= SMALLEST

/** Reads a time by the machine's own clock: what is hardly meant is refused. */
export function checkRealTime(time: number | Date, now: number): number {
  const ms = checkTime(time)
  if (isHardlyMeant(ms) && now > SMALLEST) throw tooSmall(ms)
  return ms
}

function tooSmall(ms: number): AlarmError {
  const seconds = ms >= SECONDS ? `for seconds since the epoch write ${ms} * 1000, ` : ''
  return timeError(
    ms,
    `An alarm time is in milliseconds since the epoch; given ${ms}, which is in ${new Date(ms).getUTCFullYear()} and would fire at once: ` +
      `${seconds}for a delay write Date.now() + ${ms} or setIn(${ms}), and 0 for at once.`,
  )
}
