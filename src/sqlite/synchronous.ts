import { isObservable } from 'rxjs'
import { AlarmError } from '../vocabulary/errors.ts'

/** Refuses a promise: what a transaction awaits would come after its end. An Observable awaits nothing, an awaitable one neither. */
export function synchronous<T>(result: T): T {
  if (isObservable(result) || typeof (result as { then?: unknown } | null | undefined)?.then !== 'function')
    return result
  ;(result as PromiseLike<unknown> & T).then(undefined, () => {}) // it is refused, however it ends
  throw new AlarmError(
    'ALARM_RETURN_INVALID',
    'The function of a transaction must be synchronous; it returned a promise, and was rolled back. Await first, then begin.',
  )
}
