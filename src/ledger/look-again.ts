import type { SchedulerLike, Subscription } from 'rxjs'
import type { AlarmTime } from '../vocabulary/time.ts'

/** The one timer of a loop, for what comes next. */
export interface LookAgain {
  /** Moves it to a time of the wall clock, or to one of the monotonic clock, the first of the two; `null`: nothing comes. */
  set(due: AlarmTime, lapse: number | null): void
}

// A timer above 2^31-1 ms fires at once, and a clock that is set forward is noticed only by looking.
const MOST = 60_000

/** Rings when there may be something to do, and now and then before: a clock that was set is found out by looking. */
export function lookAgain(scheduler: SchedulerLike, elapsed: () => number, ring: () => void): LookAgain {
  let timer: Subscription | null = null
  let setTo: readonly [AlarmTime, number | null] = [null, null]
  return {
    set(due, lapse) {
      if (timer !== null && due === setTo[0] && lapse === setTo[1]) return
      timer?.unsubscribe()
      timer = null
      setTo = [due, lapse]
      if (due === null && lapse === null) return
      const left = Math.min((due ?? Infinity) - scheduler.now(), (lapse ?? Infinity) - elapsed())
      let hasRung = false
      const set = scheduler.schedule(
        () => {
          hasRung = true
          timer = null
          ring()
        },
        Math.min(Math.max(0, left), MOST),
      )
      if (!hasRung) timer = set // or it has rung by now, and may be set again
    },
  }
}
