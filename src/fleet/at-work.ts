import { Observable, type SchedulerLike, type Subscriber } from 'rxjs'
import { elapsedOf } from '../vocabulary/elapsed.ts'

/** The deliveries that a fleet was given and has not answered. */
export interface AtWork {
  readonly count: number
  /** ms since the oldest of them came; 0 without one */
  readonly longest: number
  /** Counts a delivery from its subscription to its end. */
  counted<T>(delivery$: Observable<T>): Observable<T>
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
    counted: (delivery$) =>
      new Observable((subscriber) => {
        since.set(subscriber, elapsed())
        subscriber.add(() => since.delete(subscriber))
        delivery$.subscribe(subscriber)
      }),
  }
}
