import { AlarmError } from '../../vocabulary/errors.ts'
import type { CronLibrary } from './croner.ts'

/** An optional peer dependency: it is loaded with the first expression, at once, as a timer is set at once. */
export function loadCroner(): CronLibrary {
  const { createRequire } = process.getBuiltinModule('node:module')
  try {
    return createRequire(typeof __filename === 'string' ? __filename : import.meta.url)('croner').Cron
  } catch (cause) {
    throw new AlarmError(
      'ALARM_CONFIG_INVALID',
      'A timer with a cron expression needs croner 11 or later, which could not be loaded. Install it: npm install croner',
      { cause, counted: false },
    )
  }
}
