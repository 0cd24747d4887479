import type { SchedulerLike, Subscription } from 'rxjs'

// A timer above 2^31-1 ms fires at once, and a clock that is stepped forward is noticed only by looking.
const LOOK_AGAIN = 60_000

/** Calls `wake` once the scheduler's clock reads `due` or later: never before, however long the wait or the clock's steps back. */
export function wakeAt(scheduler: SchedulerLike, due: number, wake: () => void): Subscription {
  const rest = (): number => Math.min(Math.max(0, due - scheduler.now()), LOOK_AGAIN)
  return scheduler.schedule(function () {
    if (scheduler.now() >= due) wake()
    else this.schedule(undefined, rest())
  }, rest())
}
