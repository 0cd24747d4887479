import type { SchedulerLike, Subscription } from 'rxjs'
import type { AlarmTime } from '../vocabulary/time.ts'
import { wakeAt } from '../vocabulary/wake-at.ts'

/** The one timer of a loop, for what comes next. */
export interface OneTimer {
  /** Moves it; `null`: nothing comes. */
  set(at: AlarmTime): void
}

/** Rings at the time it is set to, by the clock that is given. */
export function oneTimer(scheduler: SchedulerLike, clock: () => number, ring: () => void): OneTimer {
  let timer: Subscription | null = null
  let setTo: AlarmTime = null
  return {
    set(at) {
      if (at === setTo) return
      timer?.unsubscribe()
      timer = null
      setTo = at
      if (at === null) return
      const rung = (): void => {
        setTo = null
        ring()
      }
      const set = wakeAt(scheduler, at, rung, clock)
      if (setTo === at && timer === null) timer = set // or it has rung by now, and may be set again
    },
  }
}
