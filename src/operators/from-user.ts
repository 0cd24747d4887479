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

/** A call of a user's function, and what follows from its end. */
export interface UserCall {
  call(): ObservableInput<unknown>
  /** what it emits before its end */
  next?(value: unknown): void
  complete(): void
  error(error: unknown): void
  /** set at its end: it has only one, and ignores what comes afterwards */
  isOver?: boolean
}

/**
 * Makes a user's call now; returns what can be unsubscribed.
 *
 * It is run in none of a request's asynchronous contexts: it may do what several have asked for, or none is left of.
 *
 * EMPTY and promises are what stores and managers return, millions of times: they need no subscriber.
 */
export function runUser(name: string, user: UserCall): Subscription | null {
  try {
    const input = outside.runInAsyncScope(user.call, user)
    if (input === EMPTY) completed(user)
    else if (isPromise(input)) settleWith(input, user)
    else return subscribeOutside(fromInput(name, input), user)
  } catch (error) {
    // A teardown that throws comes after the end: what was done is done, and the error is RxJS's to report.
    if (user.isOver === true) reportUnhandled(error)
    else failed(user, error)
  }
  return null
}

function settleWith(promise: Promise<unknown>, user: UserCall): void {
  promise.then(
    (value) => {
      user.next?.(value)
      completed(user)
    },
    (error) => failed(user, error),
  )
}

function subscribeOutside(input$: Observable<unknown>, user: UserCall): Subscription {
  const observer = {
    next: (value: unknown) => user.next?.(value),
    complete: () => completed(user),
    error: (error: unknown) => failed(user, error),
  }
  return outside.runInAsyncScope(() => input$.subscribe(observer))
}

function completed(user: UserCall): void {
  if (user.isOver === true) return
  user.isOver = true
  user.complete()
}

function failed(user: UserCall, error: unknown): void {
  if (user.isOver === true) return
  user.isOver = true
  user.error(error)
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
