import { checkNames, type Names } from '../vocabulary/check-names.ts'
import { configError } from '../vocabulary/error-of.ts'
import { checkKey } from '../vocabulary/key.ts'

/** Which failed alarm is meant. */
export interface FailedAlarm {
  readonly key: string
  /** `null`: of any fence */
  readonly fence: number | null
}

interface Guard {
  readonly fence?: number
}

const names: Names<Guard> = { fence: true }

/** Reads which failed alarm an operator means, or throws `ALARM_KEY_INVALID` or `ALARM_CONFIG_INVALID`. */
export function checkFailedAlarm(key: string, guard: Guard = {}): FailedAlarm {
  checkKey(key)
  checkNames('What goes with a failed alarm', guard, names)
  const { fence } = guard
  if (fence !== undefined && !(Number.isSafeInteger(fence) && fence >= 0)) {
    throw configError('fence', 'the fence of a listed alarm', fence)
  }
  return { key, fence: fence ?? null }
}
