import { type MonoTypeOperatorFunction, Observable, Subscription } from 'rxjs'
import { type AsyncContext, currentContext } from './async-context.ts'
import { endInputs } from './end-inputs.ts'
import { listen } from './listen.ts'

/** What values wait for. */
export interface Latch<M> {
  /** what a value waits for that arrives now */
  mark(): M
  /** whether a value with that mark may leave now */
  isOpen(mark: M): boolean
  /** The first value stays: `release` is due when it may leave. Called again each time that something arrives meanwhile. */
  wait(mark: M): void
}

/** What a latch may do to the values that are held. */
export interface Held {
  /** lets all leave that may */
  release(): void
  /** ends with an error, and drops what is held */
  fail(error: unknown): void
  /** ends with the operator, and is subscribed before the source */
  readonly inputs: Subscription
}

interface Value<T, M> {
  readonly value: T
  readonly mark: M
  /** that in which it was sent; `null` where it leaves in it */
  readonly context: AsyncContext | null
  next: Value<T, M> | null
}

/** Holds each value until its latch is open for it; order is kept, and each leaves in the asynchronous context in which it came. The one holder of `gate`, `latestWhen` and the output gates. */
export function hold<T, M>(
  open: (held: Held) => Latch<M>,
  keep: 'all' | 'newest' = 'all',
): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      const inputs = new Subscription()
      let sourceEnded = false
      let releasing = false
      // A list and not an array: to take the first of 100,000 must not move all the others.
      let first: Value<T, M> | null = null
      let last: Value<T, M> | null = null

      function add(value: Value<T, M>): void {
        if (keep === 'all' && first !== null) last!.next = value
        else first = value
        last = value
      }

      // The one loop: what a released value brings about comes back to it, not into it.
      function release(): void {
        if (releasing) return
        releasing = true
        try {
          while (first !== null && !inputs.closed && latch.isOpen(first.mark)) {
            const { value, context } = first
            first = first.next
            if (context === null) subscriber.next(value)
            else context.runInAsyncScope(() => subscriber.next(value))
          }
        } finally {
          releasing = false
        }
        if (first !== null) latch.wait(first.mark)
        else if (sourceEnded) endInputs(inputs, () => subscriber.complete())
      }

      function fail(error: unknown): void {
        endInputs(inputs, () => subscriber.error(error))
      }

      subscriber.add(inputs)
      const latch = open({ release, fail, inputs })
      listen(source, inputs, {
        next(value) {
          const mark = latch.mark()
          const leavesNow = !releasing && latch.isOpen(mark)
          add({ value, mark, context: leavesNow ? null : currentContext(), next: null })
          release()
        },
        error: fail,
        complete() {
          sourceEnded = true
          release()
        },
      })
    })
}
