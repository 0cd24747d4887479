import { AsyncLocalStorage } from 'node:async_hooks'
import { Observable, type ObservableInput, Subscription } from 'rxjs'
import { fromUser } from '../operators/from-user.ts'

/** One run of a handler: closed when its delivery has failed, or is unsubscribed before it has ended. */
export type HandlerRun = Subscription

const runs = new AsyncLocalStorage<HandlerRun | undefined>()

/** The run that the caller belongs to. */
export const currentRun = (): HandlerRun | undefined => runs.getStore()

/**
 * Calls a handler so that what it begins, however deep in promises, is known to be its own.
 *
 * A promise cannot be unsubscribed: so what must not outlive its delivery asks for the run, and is notified of its end. A run ends with the
 * `outer` one, too. What it leaves when it has succeeded stays.
 */
export function asRun<T>(
  name: string,
  outer: HandlerRun | undefined,
  call: () => ObservableInput<T>,
): Observable<T> {
  return new Observable((subscriber) => {
    const run = new Subscription()
    outer?.add(run)
    let hasSucceeded = false
    const handled = runs.run(run, () =>
      fromUser(name, call).subscribe({
        next: (value) => subscriber.next(value),
        error: (error) => subscriber.error(error),
        complete() {
          hasSucceeded = true
          subscriber.complete()
        },
      }),
    )
    return () => {
      handled.unsubscribe()
      outer?.remove(run)
      if (!hasSucceeded) run.unsubscribe()
    }
  })
}
