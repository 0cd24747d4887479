import type { SchedulerLike } from 'rxjs'
import { elapsedOf } from '../vocabulary/elapsed.ts'

/** By how much the wall clock was set: by it alarms are due, while leases and back-offs last as long as they last. */
export interface ClockSteps {
  /** ms on the monotonic clock */
  elapsed(): number
  /** ms that it was set forward, or back (below 0), and that are not allowed for yet */
  step(): number
  /** ms that it was set in all: another number means that times which were read before may be wrong */
  total(): number
  /** So much is allowed for. */
  allow(by: number): void
}

const GRAIN = 2 // ms: what two clocks that are read one after the other differ by anyway
const LOOKS = 3

/** Whether it is more than the grain of the clocks, ms. */
export const isStep = (by: number): boolean => Math.abs(by) >= GRAIN

/** What the wall clock reads more than the other one. Read once more where something came between the two. */
export function aheadOf(scheduler: SchedulerLike, elapsed: () => number): number {
  for (let look = 1; ; look++) {
    const before = elapsed()
    const now = scheduler.now()
    const after = elapsed()
    if (after - before < GRAIN / 2 || look === LOOKS) return now - after
  }
}

export function watchSteps(scheduler: SchedulerLike): ClockSteps {
  const elapsed = elapsedOf(scheduler)
  let known = aheadOf(scheduler, elapsed)

  function step(): number {
    const by = Math.round(aheadOf(scheduler, elapsed) - known)
    return isStep(by) ? by : 0
  }

  return {
    elapsed,
    step,
    total: () => known + step(),
    allow(by) {
      known += by
    },
  }
}
