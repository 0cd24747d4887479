import { interval, type SchedulerLike } from 'rxjs'
import { oneTimer } from '../ledger/one-timer.ts'
import { elapsedOf } from '../vocabulary/elapsed.ts'
import { type AlarmTime, isBefore } from '../vocabulary/time.ts'

/** Knows when the next alarm is due, so that it is not left to the poll. */
export interface NearDue {
  /** An alarm is due in so many ms of the database's clock; `null` for never. */
  news(dueIn: number | null): void
  stop(): void
}

/**
 * Rings when an alarm is due, never before, and every `pollInterval`. How long there is to wait is the database's to say: the two clocks may
 * differ.
 */
export function watchDue(scheduler: SchedulerLike, pollInterval: number, ring: () => void): NearDue {
  let next: AlarmTime = null // on the monotonic clock
  const elapsed = elapsedOf(scheduler)
  const alarm = oneTimer(scheduler, elapsed, () => {
    next = null
    ring()
  })
  const polls = interval(pollInterval, scheduler).subscribe(ring)
  return {
    news(dueIn) {
      if (dueIn === null || polls.closed) return
      const due = elapsed() + Math.max(0, Math.ceil(dueIn))
      if (!isBefore(due, next)) return
      next = due
      alarm.set(due)
    },
    stop() {
      polls.unsubscribe()
      alarm.set(null)
    },
  }
}
