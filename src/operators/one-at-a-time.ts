import { noop, type Observable, type Subscription } from 'rxjs'
import type { AsyncContext } from './async-context.ts'
import { listen } from './listen.ts'

/** An Observable, and the asynchronous context in which it is to be subscribed; `null` for that of the moment. */
interface Turn<R> {
  readonly run$: Observable<R>
  readonly context: AsyncContext | null
}

/** What is run one at a time, and what its results go to. */
export interface Turns<R> {
  /** the next one, `null` while there is none; what it throws is an error of it */
  next(): Turn<R> | null
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

  function take(): Turn<R> | null {
    try {
      return next()
    } catch (cause) {
      error(cause)
      return null
    }
  }

  function begin({ run$, context }: Turn<R>): void {
    const run = (): void => {
      // Not on completion: what ran must be torn down before the next one begins.
      listen(run$, inputs, { next: value, error, complete: noop }).add(() => {
        running = false
        loop()
      })
    }
    if (context === null) run()
    else context.runInAsyncScope(run)
  }

  function loop(): void {
    if (looping || running || inputs.closed) return
    looping = true
    let turn = take()
    while (turn !== null && !inputs.closed) {
      running = true
      begin(turn)
      turn = running || inputs.closed ? null : take()
    }
    looping = false
    if (!running && !inputs.closed) idle()
  }
  return loop
}
