import { from, type Observable, type ObservableInput, throwError } from 'rxjs'
import { AlarmError, given } from './errors.ts'

/** Calls a user's function now: what it throws, or returns that is no ObservableInput, becomes an error notification. */
export function fromUser<T>(name: string, call: () => ObservableInput<T>): Observable<T> {
  let input: ObservableInput<T>
  try {
    input = call()
  } catch (error) {
    return throwError(() => error)
  }
  try {
    return from(input)
  } catch (cause) {
    const message = `${name} must return an Observable, a promise or an iterable (EMPTY when done at once); it returned`
    return throwError(() => new AlarmError('ALARM_RETURN_INVALID', `${message} ${given(input)}.`, { cause }))
  }
}
