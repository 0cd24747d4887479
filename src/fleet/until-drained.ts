import { noop, Observable, Subscription } from 'rxjs'
import { isDrained } from '../actor/waiting.ts'
import { listen } from '../operators/listen.ts'
import type { Resident } from './resident.ts'

/** Completes when no actor has anything left to do. */
export function untilDrained(actors: ReadonlyMap<string, Resident>): Observable<never> {
  return new Observable((subscriber) => {
    const inputs = new Subscription()
    let busy: Resident[] = []
    subscriber.add(inputs)
    // One after the other: RxJS looks through all the inner subscriptions of a merge for each that ends.
    const next = (): void => {
      while (busy.length > 0 && isDone(busy.at(-1)!)) busy.pop()
      if (busy.length === 0) busy = [...actors.values()].filter((actor) => !isDone(actor))
      const actor = busy.at(-1)
      if (actor === undefined) {
        subscriber.complete()
      } else {
        listen(actor.when(isDrained), inputs, { next: noop, error: next, complete: next })
      }
    }
    next()
  })
}

const isDone = (actor: Resident): boolean => actor.failure !== null || actor.isDrained
