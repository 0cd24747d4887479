import { timeError } from './error-of.ts'
import { given } from './given.ts'

/** Reads a delay that a user gave, in ms, or throws `ALARM_TIME_INVALID` before anything has changed. */
export function checkDelay(ms: number): number {
  if (Number.isSafeInteger(ms) && ms >= 0) return ms
  throw timeError(
    ms,
    `A delay is a whole number of milliseconds from now, 0 or more; given ${given(ms)}. For a time since the epoch use set().`,
  )
}

/** The time that is `ms` after `now`. A clock with fractions is rounded up: an alarm may be late by that, and is never early. */
export function timeIn(ms: number, now: number): number {
  const time = Math.ceil(now) + checkDelay(ms)
  if (Number.isSafeInteger(time) && time >= 0) return time
  throw timeError(
    time,
    `${given(ms)} ms from now, ${given(now)} by the clock, is no time that an alarm can have: the sum must be a safe integer, 0 or more. ` +
      'Give a shorter delay; a clock of your own must count milliseconds since the epoch.',
  )
}
