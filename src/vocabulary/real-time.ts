import { asyncScheduler, type SchedulerLike } from 'rxjs'
import { checkRealTime } from './hardly-meant.ts'
import { checkTime } from './time.ts'

/** Reads a time that a user gave, or throws `ALARM_TIME_INVALID` before anything has changed. */
export type TimeCheck = (time: number | Date) => number

/**
 * How a store reads times. On the machine's own clock, that is where no other scheduler is injected, a time between 1 and 10^11 is a delay
 * or seconds: it would fire at once, so it is refused. 0 means at once. `asyncScheduler` is virtual inside of `TestScheduler.run`.
 */
export function timeCheckOf(scheduler: SchedulerLike | undefined): TimeCheck {
  if (scheduler !== undefined && scheduler !== asyncScheduler) return checkTime
  return (time) => checkRealTime(time, asyncScheduler.now())
}

/** The method by which an alarm reads times: what keeps further times on that alarm reads them the same way. */
export const readsTimes: unique symbol = /* @__PURE__ */ Symbol.for('nolater.readsTimes')

/** How times are read that are kept on this alarm. */
export function timeCheckFor(alarm: object): TimeCheck {
  return (alarm as { readonly [readsTimes]?: TimeCheck })[readsTimes] ?? checkTime
}
