import { AlarmError } from './errors.ts'
import { given } from './given.ts'

const MAX_KEY = 1024

/**
 * Reads the key of an actor, or throws `ALARM_KEY_INVALID`.
 *
 * Any Unicode will do. A lone surrogate will not: databases store it as U+FFFD, and two actors would share one alarm.
 */
export function checkKey(key: string): string {
  if (typeof key !== 'string' || key.length > MAX_KEY || !key.isWellFormed()) {
    const fault =
      typeof key !== 'string'
        ? given(key)
        : key.length > MAX_KEY
          ? `${key.length} of them`
          : 'a lone surrogate'
    throw new AlarmError(
      'ALARM_KEY_INVALID',
      `A key is a string of at most ${MAX_KEY} UTF-16 units and well-formed Unicode; given ${fault}. Hash longer names.`,
    )
  }
  return key
}
