import type { MonoTypeOperatorFunction, ObservableInput } from 'rxjs'
import { holdUntil } from './hold-until.ts'

/**
 * Lets values through while a signal is open, and holds them all, in order, while it is closed.
 *
 * ```
 * source  --1--2-----3--4-------5--|
 * open$   t------f---------t--------
 *         gate(open$)
 * result  --1--2-----------(34)-5--|
 * ```
 *
 * The gate is closed until the signal first says `true`. While it is open, values pass synchronously. When it opens, what it
 * held leaves at once, until nothing is left or a value that left has closed it again. What arrives while a value is
 * being delivered waits for the end of that delivery: order is kept, and 100,000 held values need no deeper stack than one.
 * `open$` is subscribed before the source, once for each subscriber.
 *
 * Completes with the source, but not before all that is held has left. An error, of the source or the signal, drops what is
 * held and passes at once, when source and signal have been unsubscribed. A signal that has completed stays as it was: an
 * open gate stays open; behind a closed one values could never leave, so they are an error, `ALARM_CONFIG_INVALID`.
 *
 * Gotchas: there is no limit to what is held; where only the newest value matters, use `latestWhen`. The signal is a state,
 * not a pulse: opened and closed again while a value is being delivered, the gate is closed.
 *
 * ```ts
 * import { BehaviorSubject, of } from 'rxjs'
 * import { gate } from 'nolater'
 *
 * const durable$ = new BehaviorSubject(false)
 * of('a', 'b').pipe(gate(durable$)).subscribe((reply) => console.log(reply))
 * durable$.next(true) // a, b
 * ```
 */
export function gate<T>(open$: ObservableInput<boolean>): MonoTypeOperatorFunction<T> {
  return holdUntil(open$, 'all')
}
