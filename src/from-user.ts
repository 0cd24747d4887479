import { EMPTY, from, type Observable, type ObservableInput, type Subscription, throwError } from 'rxjs'
import { outside } from './async-context.ts'
import { AlarmError, given } from './errors.ts'

/** Calls a user's function now: what it throws, or returns that is no ObservableInput, becomes an error notification. */
export function fromUser<T>(name: string, call: () => ObservableInput<T>): Observable<T> {
  try {
    return fromInput(name, call())
  } catch (error) {
    return throwError(() => error)
  }
}

/** Hears once how a user's function has ended. */
export interface End {
  complete(): void
  error(error: unknown): void
}

/**
 * Calls a user's function now and says how it ends; returns what can be unsubscribed.
 *
 * It is run in none of a request's asynchronous contexts: it may do what several have asked for, or none is left of.
 *
 * EMPTY and promises are what stores and managers return, millions of times: they need no subscriber.
 */
export function runUser(name: string, call: () => ObservableInput<unknown>, end: End): Subscription | null {
  let input: ObservableInput<unknown>
  try {
    input = outside.runInAsyncScope(call)
  } catch (error) {
    input = throwError(() => error)
  }
  if (input === EMPTY) {
    end.complete()
  } else if (input instanceof Promise) {
    input.then(
      () => end.complete(),
      (error) => end.error(error),
    )
  } else {
    return outside.runInAsyncScope(() => fromInput(name, input).subscribe(end))
  }
  return null
}

function fromInput<T>(name: string, input: ObservableInput<T>): Observable<T> {
  try {
    return from(input)
  } catch (cause) {
    const message = `${name} must return an Observable, a promise or an iterable (EMPTY when done at once); it returned`
    return throwError(() => new AlarmError('ALARM_RETURN_INVALID', `${message} ${given(input)}.`, { cause }))
  }
}
