import { noop, Observable, Subscription } from 'rxjs'
import { endInputs } from './end-inputs.ts'
import { oneAtATime } from './one-at-a-time.ts'

/** Subscribes to what `next` returns, one after the other, until that is `null`; completes then. Nothing is emitted. */
export function oneByOne(next: () => Observable<unknown> | null): Observable<never> {
  return new Observable((subscriber) => {
    const inputs = new Subscription()
    subscriber.add(inputs)
    oneAtATime(inputs, {
      next,
      value: noop,
      error: (error) => endInputs(inputs, () => subscriber.error(error)),
      idle: () => endInputs(inputs, () => subscriber.complete()),
    })()
  })
}
