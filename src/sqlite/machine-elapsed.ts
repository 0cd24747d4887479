import type { SchedulerLike } from 'rxjs'
import { hasElapsed, isMachineClock } from '../vocabulary/elapsed.ts'

/**
 * ms since some moment that all processes on the file count from: by the scheduler's own `elapsed()`, or since the machine was started.
 * `null` for a clock that cannot say.
 */
export function machineElapsed(scheduler: SchedulerLike): (() => number) | null {
  if (hasElapsed(scheduler)) return () => scheduler.elapsed()
  return isMachineClock(scheduler) ? () => Number(process.hrtime.bigint()) / 1e6 : null
}
