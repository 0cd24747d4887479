import { type Observable, type Observer, Subscriber, type Subscription } from 'rxjs'

/**
 * Subscribes among an operator's `inputs`, whose end stops it even in the middle of a synchronous burst.
 *
 * What the observer throws goes to the producer, and what a teardown throws while the input ends within its `subscribe()` is an error of
 * the input: as in RxJS's own operators.
 */
export function listen<T>(input: Observable<T>, inputs: Subscription, observer: Observer<T>): Subscription {
  // Not what subscribe() returns, which comes too late to stop what emits before; and no SafeSubscriber, which reports what is thrown.
  const own = new Subscriber<T>(observer)
  inputs.add(own)
  if (own.closed) return own
  try {
    input.subscribe(own)
  } catch (error) {
    observer.error(error)
  }
  return own
}
