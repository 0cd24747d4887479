import { type SchedulerLike, Subscription } from 'rxjs'

// A timer above 2^31-1 ms fires at once, and a clock that is stepped forward is noticed only by looking.
const LOOK_AGAIN = 60_000

/** Calls `wake` once the clock, the scheduler's where no other is given, reads `due` or later: never before, however long the wait or its steps back. */
export function wakeAt(
  scheduler: SchedulerLike,
  due: number,
  wake: () => void,
  clock = () => scheduler.now(),
): Subscription {
  let timer: Subscription
  // Set again each time: a virtual scheduler nests an action that reschedules itself, a level for every minute of the wait.
  const look = (): void => {
    const left = Math.max(0, due - clock())
    timer = scheduler.schedule(() => (clock() >= due ? wake() : look()), Math.min(left, LOOK_AGAIN))
  }
  look()
  return new Subscription(() => timer.unsubscribe())
}
