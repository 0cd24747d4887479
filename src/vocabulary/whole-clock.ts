import { asyncScheduler, type SchedulerLike } from 'rxjs'
import type { ElapsedScheduler } from './elapsed.ts'

/** The clock in whole milliseconds, which is what databases hold; fractions are rounded down, so that nothing is early. */
export function wholeClock(scheduler: SchedulerLike & Partial<ElapsedScheduler>): SchedulerLike {
  if (scheduler.now === asyncScheduler.now) return scheduler
  return {
    now: () => Math.floor(scheduler.now()),
    schedule: scheduler.schedule.bind(scheduler),
    ...(typeof scheduler.elapsed === 'function' && { elapsed: () => scheduler.elapsed!() }),
  }
}
