import type { WallClock } from './wall-clock.ts'

/** Times that come again, in order. */
export interface Times {
  /** the first one after this time, `null` where there is none */
  after(time: number): number | null
}

/** An expression, as times of a clock on the wall that is never set. */
export interface CronExpression extends Times {
  /** It is for every hour of the day. */
  readonly isEveryHour: boolean
}

const DAY = 86_400_000

/**
 * When an expression is due by the clocks of a zone: no time of it is skipped, and none comes twice.
 *
 * - A reading that the clock is set forward over is due at that moment. Several of them, and one at that moment, are due once.
 * - A reading that comes twice, as the clock is set back, is due the first time.
 * - An expression for every hour goes by the hours that there are: what is set forward over was no hour, and the one that comes twice is two.
 */
export function cronTimes(expression: CronExpression, clock: WallClock): Times {
  return { after: (time) => (expression.isEveryHour ? everyHour : byReading)(expression, clock, time) }
}

function byReading(expression: CronExpression, clock: WallClock, time: number): number | null {
  let reading = expression.after(time + clock.offsetAt(time))
  while (reading !== null) {
    const due = clock.instantsOf(reading)[0] ?? clock.changeOver(reading)
    if (due > time) return due
    reading = expression.after(reading) // it comes for the second time
  }
  return null
}

function everyHour(expression: CronExpression, clock: WallClock, time: number): number | null {
  const reading = time + clock.offsetAt(time)
  const setBack = clock.offsetAt(time) - clock.offsetAt(time + DAY)
  const first = firstOf(expression, clock, time, reading, Infinity)
  if (setBack <= 0) return first
  // Those before, which come for the second time.
  const again = firstOf(expression, clock, time, reading - setBack, reading)
  return first === null || (again !== null && again < first) ? again : first
}

/** The first instant after `time` that has a reading of the expression after `from`, until `to`. */
function firstOf(
  expression: CronExpression,
  clock: WallClock,
  time: number,
  from: number,
  to: number,
): number | null {
  let reading = expression.after(from)
  while (reading !== null && reading <= to) {
    const due = clock.instantsOf(reading).find((instant) => instant > time)
    if (due !== undefined) return due
    reading = expression.after(reading)
  }
  return null
}
