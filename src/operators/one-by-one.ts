import { defer, noop, Observable, Subscription } from 'rxjs'
import { currentContext } from './async-context.ts'
import { endInputs } from './end-inputs.ts'
import { oneAtATime } from './one-at-a-time.ts'

/**
 * Subscribes to what `next` returns, one after the other, until that is `null`; completes then. Nothing is emitted.
 *
 * Each is subscribed in the asynchronous context of the first, and not in that of what ended the one before.
 */
export function oneByOne(next: () => (() => Observable<unknown>) | null): Observable<never> {
  return new Observable((subscriber) => {
    const inputs = new Subscription()
    const context = currentContext()
    subscriber.add(inputs)
    oneAtATime(inputs, {
      next() {
        const made = next()
        return made && { run$: defer(made), context }
      },
      value: noop,
      error: (error) => endInputs(inputs, () => subscriber.error(error)),
      idle: () => endInputs(inputs, () => subscriber.complete()),
    })()
  })
}
