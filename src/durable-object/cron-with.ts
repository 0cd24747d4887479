import { cronReader } from '../timers/series/cron-reader.ts'
import type { CronLibrary } from '../timers/series/croner.ts'
import type { CronReader } from '../timers/series/series-times.ts'

/**
 * Reads cron expressions with croner, an optional peer dependency (`npm install croner`). Apart from `timersOf`, so that a Worker without cron
 * expressions is smaller.
 *
 * ```ts
 * import { Cron } from 'croner'
 *
 * const timers = timersOf(storage, { cron: cronWith(Cron) })
 * timers.every('report', { cron: '0 9 * * mon-fri', timeZone: 'Europe/Berlin' })
 * ```
 */
export function cronWith(Cron: CronLibrary): CronReader {
  return cronReader(() => Cron)
}
