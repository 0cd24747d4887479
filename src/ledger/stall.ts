import type { SchedulerLike } from 'rxjs'
import type { DeliveryEvent } from '../vocabulary/manager.ts'

const FIRST = 1_000 // ms
const LONGEST = 10_000

/** A time in which the storage of a manager fails in a way that can pass, so that nothing is delivered. */
export interface Stall {
  /** It has failed, again or for the first time; returns the ms until the next try: its own, unless they are given. */
  failed(error: unknown, delay?: number): number
  /** It works. */
  over(): void
}

/** Of no alarm in particular. */
const ofAll = { key: '', scheduledTime: 0, fence: 0, retryCount: 0 }

/** Notifies of each failed try and of the end. Tries come 1 s after the first failure, then twice as far apart each, up to 10 s. */
export function openStall(scheduler: SchedulerLike, notify: (event: DeliveryEvent) => void): Stall {
  let failures = 0
  let since = 0
  return {
    failed(error, delay = Math.min(FIRST * 2 ** failures, LONGEST)) {
      const at = scheduler.now()
      if (failures++ === 0) since = at
      notify({ at, ...ofAll, kind: 'stalled', error, retryAt: at + delay })
      return delay
    },
    over() {
      if (failures === 0) return
      failures = 0
      const at = scheduler.now()
      notify({ at, ...ofAll, kind: 'resumed', stalledFor: Math.max(0, at - since) })
    },
  }
}

/** Whether the cause of an error can end by itself: `passes` on it says so, also when it comes from another copy of this library. */
export function canPass(error: unknown): boolean {
  return (error as { passes?: unknown } | null | undefined)?.passes === true
}
