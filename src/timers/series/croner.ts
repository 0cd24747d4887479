import { configError } from '../../vocabulary/error-of.ts'
import type { CronExpression } from './cron-times.ts'

/** What is used of croner's Cron, a class. */
export interface CronLibrary {
  new (expression: string, options: { readonly utcOffset: number }): { nextRun(after: Date): Date | null }
}

const HOURS = 24
const DAY = 86_400_000

/**
 * Reads an expression with croner, which finds its readings; in no zone, so that what becomes of them where a clock is set is decided here, in one
 * place.
 */
export function readExpression(expression: string, Cron: CronLibrary): CronExpression {
  const cron = parse(expression, Cron)
  return {
    after: (time) => cron.nextRun(new Date(time))?.getTime() ?? null,
    isEveryHour: isEveryHour(expression, Cron),
  }
}

function parse(expression: string, Cron: CronLibrary) {
  try {
    if (typeof expression !== 'string' || expression.includes(':')) throw new TypeError('It is no expression')
    return new Cron(expression, { utcOffset: 0 }) // those are the readings
  } catch {
    throw configError(
      'cron',
      'a cron expression: 5 fields, 6 with seconds, or @daily and the like',
      expression,
    )
  }
}

/** Asked of croner, as it knows more ways to write it than `*`. */
function isEveryHour(expression: string, Cron: CronLibrary): boolean {
  const fields = expression.trim().split(/\s+/)
  if (fields.length < 5) return expression.trim().toLowerCase() === '@hourly'
  const hours = new Cron(`0 ${fields[fields.length === 5 ? 1 : 2]} * * *`, { utcOffset: 0 })
  let at: Date | null = new Date(-1)
  for (let hour = 0; hour < HOURS && at !== null; hour++) at = hours.nextRun(at)
  return at !== null && at.getTime() < DAY
}
