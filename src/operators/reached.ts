import { throwError } from 'rxjs'

/** What broke alarms, and has reached a subscriber, or been thrown at a caller. */
const reached = new WeakSet<object>()
const thrown = new WeakSet<object>()

const isKnown = (error: unknown, to: WeakSet<object>): boolean => to.has(error as object)

/** It is an error notification of a subscriber, a rejection, or an event. */
export function markReached(error: unknown): void {
  if (typeof error === 'object' && error !== null) reached.add(error)
}

/** It is thrown from here on. Returns it. */
export function throwing<E>(error: E): E {
  if (typeof error === 'object' && error !== null) thrown.add(error)
  return error
}

/** It was thrown, and caught where no caller sees it. */
export function markSwallowed(error: unknown): void {
  thrown.delete(error as object)
}

/**
 * Takes RxJS's path of unhandled errors (`config.onUnhandledError`, by default an uncaught exception), unless the error reaches a subscriber
 * or a caller before the end of this turn.
 */
export function reportUnlessReached(error: unknown): void {
  queueMicrotask(() => {
    if (!isKnown(error, reached) && !isKnown(error, thrown)) reportUnhandled(error)
  })
}

/** A subscription without an error handler is what RxJS reports. */
export function reportUnhandled(error: unknown): void {
  throwError(() => error).subscribe()
}
