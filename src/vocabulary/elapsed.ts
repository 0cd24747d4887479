import { asyncScheduler, type SchedulerLike } from 'rxjs'

/** A scheduler that can say how much time has passed, even if its clock was set meanwhile. */
export interface ElapsedScheduler extends SchedulerLike {
  /** ms since some moment, the same one in all processes that share a file of alarms; never goes back, and never jumps */
  elapsed(): number
}

const REAL = 1e11 // ms: what reads less counts virtual time, inside of `TestScheduler.run` too

/**
 * How to measure a duration on a scheduler, in ms.
 *
 * By its own `elapsed()`, as `virtualClock` has it; where its clock is the machine's, by `performance.now()`. Any other clock is taken for
 * one that is never set forward; what it is set back by does not count.
 */
export function elapsedOf(scheduler: SchedulerLike): () => number {
  if (hasElapsed(scheduler)) return () => scheduler.elapsed()
  if (isMachineClock(scheduler)) return () => performance.now()
  let last = scheduler.now()
  let passed = 0
  return () => {
    const now = scheduler.now()
    passed += Math.max(0, now - last)
    last = now
    return passed
  }
}

export function hasElapsed(scheduler: SchedulerLike & { elapsed?: unknown }): scheduler is ElapsedScheduler {
  return typeof scheduler.elapsed === 'function'
}

export function isMachineClock(scheduler: SchedulerLike): boolean {
  return scheduler.now === asyncScheduler.now && scheduler.now() > REAL
}
