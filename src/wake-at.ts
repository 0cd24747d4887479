import { type SchedulerLike, Subscription } from 'rxjs'

// A timer above 2^31-1 ms fires at once, and a clock that is stepped forward is noticed only by looking.
const LOOK_AGAIN = 60_000

/** Calls `wake` once the scheduler's clock reads `due` or later: never before, however long the wait or the clock's steps back. */
export function wakeAt(scheduler: SchedulerLike, due: number, wake: () => void): Subscription {
  let timer: Subscription
  // Set anew each time: a virtual scheduler nests an action that reschedules itself, a level for every minute of the wait.
  const look = (): void => {
    const left = Math.max(0, due - scheduler.now())
    timer = scheduler.schedule(() => (scheduler.now() >= due ? wake() : look()), Math.min(left, LOOK_AGAIN))
  }
  look()
  return new Subscription(() => timer.unsubscribe())
}
