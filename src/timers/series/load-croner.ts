import { AlarmError } from '../../vocabulary/errors.ts'
import type { CronLibrary } from './croner.ts'

/**
 * An optional peer dependency: it is loaded with the first expression, at once, as a timer is set at once. It is that of the application, and
 * looked for from its main script, or from its folder.
 */
export function loadCroner(): CronLibrary {
  const { createRequire } = process.getBuiltinModule('node:module')
  let cause: unknown
  for (const from of [process.argv[1], `${process.cwd()}/`]) {
    try {
      if (from !== undefined) return createRequire(from)('croner').Cron
    } catch (error) {
      cause = error
    }
  }
  throw new AlarmError(
    'ALARM_CONFIG_INVALID',
    'A timer with a cron expression needs croner 11 or later, which could not be loaded. Install it: npm install croner',
    { cause, counted: false },
  )
}
