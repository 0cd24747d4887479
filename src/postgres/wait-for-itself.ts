import { ignoreElements, type MonoTypeOperatorFunction, map, merge, type Observable, take } from 'rxjs'
import { AlarmError } from '../vocabulary/errors.ts'

/**
 * Errors where the value cannot come: a transaction is to end before it, whose own function asked for it and, after all this `patience`, has
 * not ended. A mere listener does not keep it from ending.
 */
export function notForItself<T>(
  isOpen: (() => boolean) | null,
  patience$: Observable<unknown>,
): MonoTypeOperatorFunction<T> {
  return (source) => {
    if (isOpen === null) return source
    const tired$ = patience$.pipe(
      map(() => {
        if (isOpen()) throw waitsForItself()
      }),
      ignoreElements(),
    )
    return merge(source, tired$).pipe(take(1))
  }
}

function waitsForItself(): AlarmError {
  return new AlarmError(
    'ALARM_TRANSACTION_INVALID',
    'confirmed() or drained() was asked for inside of commitWith, whose function has not ended since: they come after the transaction, so to ' +
      'await them inside is to wait for oneself. Await commitWith: it resolves when all is durable.',
    { counted: false },
  )
}
