import type { MonoTypeOperatorFunction, ObservableInput } from 'rxjs'
import { holdUntil } from './hold-until.ts'

/**
 * Lets the newest value through when a signal is ready: a value that still waits is replaced, one that has left is not cancelled.
 *
 * ```
 * source  --1--2--3-------4--|
 * ready$  t---f--------t------
 *         latestWhen(ready$)
 * result  --1----------3--4--|
 * ```
 *
 * It does what `switchMap((value) => ready$.pipe(first(Boolean), map(() => value)))` would do if `ready$` gave each
 * newcomer its state, but no subscription is built or torn down for a value: a newer one just takes the place of the older.
 * Nothing is ready until the signal first says `true`; while it is ready, values pass synchronously. Each leaves once. What
 * arrives while a value is being delivered waits for the end of that delivery, and there too only the newest survives.
 * `ready$` is subscribed before the source, once for each subscriber.
 *
 * Completes with the source, but not before the value that waits has left: the last value is never lost. An error, of the
 * source or the signal, drops it and passes at once, when source and signal have been unsubscribed. A signal that has
 * completed stays as it was: after `true` everything passes; after `false` a value could never leave, so it is an error,
 * `ALARM_CONFIG_INVALID`.
 *
 * Gotcha: the signal is a state, not a pulse: ready and not ready again while a value is being delivered is not ready.
 *
 * ```ts
 * import { BehaviorSubject, of } from 'rxjs'
 * import { latestWhen } from 'nolater'
 *
 * const quiet$ = new BehaviorSubject(false)
 * of(1, 2, 3).pipe(latestWhen(quiet$)).subscribe((time) => console.log(time))
 * quiet$.next(true) // 3
 * ```
 */
export function latestWhen<T>(ready$: ObservableInput<boolean>): MonoTypeOperatorFunction<T> {
  return holdUntil(ready$, 'newest')
}
