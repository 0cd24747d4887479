import { Observable, type Observer, Subscription } from 'rxjs'

/** Subscribes among an operator's `inputs`, whose end stops it even in the middle of a synchronous burst. */
export function listen<T>(input: Observable<T>, inputs: Subscription, observer: Observer<T>): Subscription {
  if (inputs.closed) return Subscription.EMPTY
  // What subscribe() returns comes too late to stop what emits before it returns; the subscriber itself is there from the start.
  return new Observable<T>((own) => {
    inputs.add(own)
    input.subscribe(own)
  }).subscribe(observer)
}
