import { noop, type Observable, type Subscription } from 'rxjs'
import { listen } from './listen.ts'

/** What is run one at a time, and who is told. */
export interface Turns<R> {
  /** the next one, `null` while there is none; what it throws is an error of it */
  next(): Observable<R> | null
  value(result: R): void
  error(error: unknown): void
  /** nothing runs, and there is no next one */
  idle(): void
}

/**
 * Runs Observables one after the other; returns what is to be called when there may be a next one.
 *
 * One begins when the one before has been torn down. It is the one loop of all that takes turns: what completes synchronously comes back
 * to it, not into it, where RxJS's `repeat` and `concatMap` go deeper with each.
 */
export function oneAtATime<R>(inputs: Subscription, { next, value, error, idle }: Turns<R>): () => void {
  let running = false
  let looping = false

  function take(): Observable<R> | null {
    try {
      return next()
    } catch (cause) {
      error(cause)
      return null
    }
  }

  function loop(): void {
    if (looping || running || inputs.closed) return
    looping = true
    let run$ = take()
    while (run$ !== null && !inputs.closed) {
      running = true
      // Not on completion: what ran must be torn down before the next one begins.
      listen(run$, inputs, { next: value, error, complete: noop }).add(() => {
        running = false
        loop()
      })
      run$ = running || inputs.closed ? null : take()
    }
    looping = false
    if (!running && !inputs.closed) idle()
  }
  return loop
}
