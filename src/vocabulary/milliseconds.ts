import { configError } from './error-of.ts'

/** The longest delay that timers keep, 24 days: a longer one fires at once. SQLite and PostgreSQL know none that is longer, either. */
export const MAX_TIMER = 2 ** 31 - 1

/** Returns a duration in ms, or refuses what is none (`ALARM_CONFIG_INVALID`): there is no endless one. */
export function checkMilliseconds(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw configError(name, 'a whole number of milliseconds, 1 or more', value)
  }
  return value
}

/** A duration in ms that a timer keeps: 24 days where more is asked for. */
export function timerMilliseconds(name: string, value: number): number {
  return Math.min(checkMilliseconds(name, value), MAX_TIMER)
}
