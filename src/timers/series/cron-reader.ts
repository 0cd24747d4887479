import { cronTimes, type Times } from './cron-times.ts'
import { type CronLibrary, readExpression } from './croner.ts'
import type { CronReader } from './series-times.ts'
import { wallClock } from './wall-clock.ts'

const KEPT = 100

/** Reads each expression once; `library` is called for the first. */
export function cronReader(library: () => CronLibrary): CronReader {
  const read = new Map<string, Times>()
  return (expression, timeZone) => {
    const id = `${timeZone} ${expression}`
    const known = read.get(id)
    if (known !== undefined) return known
    const times = cronTimes(readExpression(expression, library()), wallClock(timeZone))
    if (read.size >= KEPT) read.clear()
    read.set(id, times)
    return times
  }
}
