import { asyncScheduler, type SchedulerLike } from 'rxjs'

/** The machine's clock as a scheduler of one's own: with it, stores take the small numbers of a test for times. */
export const injectedClock: SchedulerLike = {
  now: () => asyncScheduler.now(),
  schedule: (work, delay, state) => asyncScheduler.schedule(work as () => void, delay, state),
}
