import { EMPTY, from, type Observable, type ObservableInput, type Subscription, throwError } from 'rxjs'
import { AlarmError } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'
import { outside } from './async-context.ts'
import { reportUnhandled } from './reached.ts'

/** Calls a user's function now: what it throws, or returns that is no ObservableInput, becomes an error notification. */
export function fromUser<T>(name: string, call: () => ObservableInput<T>): Observable<T> {
  try {
    return fromInput(name, call())
  } catch (error) {
    return throwError(() => error)
  }
}

/** Notified once of how a user's function has ended. */
export interface End {
  /** what it emits before */
  next?(value: unknown): void
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
  let isOver = false
  const once = (notify: () => void): void => {
    if (isOver) return
    isOver = true
    notify()
  }
  const complete = (_?: unknown): void => once(() => end.complete())
  const failed = (error: unknown): void => once(() => end.error(error))
  const next = (value: unknown): void => end.next?.(value)
  try {
    const input = outside.runInAsyncScope(call)
    if (input === EMPTY) complete()
    else if (isPromise(input))
      input.then(end.next === undefined ? complete : (value) => complete(next(value)), failed)
    else
      return outside.runInAsyncScope(() =>
        fromInput(name, input).subscribe({ next, complete, error: failed }),
      )
  } catch (error) {
    // A teardown that throws comes after the end: what was done is done, and the error is RxJS's to report.
    if (isOver) reportUnhandled(error)
    else failed(error)
  }
  return null
}

/** Also of what throws when it is asked, which `from` then refuses. */
function isPromise(input: unknown): input is Promise<unknown> {
  try {
    return input instanceof Promise
  } catch {
    return false
  }
}

function fromInput<T>(name: string, input: ObservableInput<T>): Observable<T> {
  try {
    return from(input)
  } catch (cause) {
    const message = `${name} must return an Observable, a promise or an iterable (EMPTY when done at once); it returned`
    return throwError(() => new AlarmError('ALARM_RETURN_INVALID', `${message} ${given(input)}.`, { cause }))
  }
}
