import type { SchedulerLike, Subscriber } from 'rxjs'
import { elapsedOf } from '../vocabulary/elapsed.ts'

/** The deliveries that a fleet was given and has not answered. */
export interface AtWork {
  readonly count: number
  /** ms since the oldest of them came; 0 without one */
  readonly longest: number
  /** Counts a delivery from now until it has been answered. */
  begin(delivery: Subscriber<never>): void
}

export function openAtWork(scheduler: SchedulerLike): AtWork {
  const since = new Map<Subscriber<never>, number>() // elapsed ms; in the order in which they came
  let clock: (() => number) | null = null // not looked at before there is a delivery
  const elapsed = (): number => {
    clock ??= elapsedOf(scheduler)
    return clock()
  }

  return {
    get count() {
      return since.size
    },
    get longest() {
      for (const oldest of since.values()) return Math.round(elapsed() - oldest)
      return 0
    },
    begin(delivery) {
      since.set(delivery, elapsed())
      delivery.add(() => since.delete(delivery))
    },
  }
}
