import { interval, type SchedulerLike, timer } from 'rxjs'
import { oneTimer } from '../ledger/one-timer.ts'
import { elapsedOf } from '../vocabulary/elapsed.ts'
import { type AlarmTime, isBefore } from '../vocabulary/time.ts'

/** Knows when the next alarm is due, so that it is not left to the poll. */
export interface NearDue {
  /** An alarm is due in so many ms of the database's clock; `null` for never. */
  news(dueIn: number | null): void
  /** Something was written: looks, at once or when it has rested. */
  requestPoll(): void
  stop(): void
}

const REST = 25 // ms between looks, however much is written or due

/**
 * Rings when an alarm is due, never before.
 *
 * It looks for the next one every `pollInterval`, after it has rung, and when another process wrote. How long there is to wait is the
 * database's to say: the two clocks may differ.
 */
export function watchDue(
  scheduler: SchedulerLike,
  pollInterval: number,
  look: () => Promise<number | null>,
  ring: () => void,
): NearDue {
  let next: AlarmTime = null // on the monotonic clock
  let isLooking = false
  let isRequested = false
  let isStopped = false
  const elapsed = elapsedOf(scheduler)
  const alarm = oneTimer(scheduler, elapsed, () => {
    next = null
    ring()
    requestPoll()
  })

  function news(dueIn: number | null): void {
    if (dueIn === null || isStopped) return
    const due = elapsed() + Math.max(0, Math.ceil(dueIn))
    if (!isBefore(due, next)) return
    next = due
    alarm.set(due)
  }

  function requestPoll(): void {
    isRequested = true
    if (isLooking || isStopped) return
    isLooking = true
    isRequested = false
    look()
      .then(news, () => {}) // the poll is the floor, and the next look will tell
      .then(() => timer(REST, scheduler).subscribe(rested))
  }

  function rested(): void {
    isLooking = false
    if (isRequested) requestPoll()
  }

  const polls = interval(pollInterval, scheduler).subscribe(requestPoll)
  requestPoll()
  return {
    news,
    requestPoll,
    stop() {
      isStopped = true
      polls.unsubscribe()
      alarm.set(null)
    },
  }
}
