import { throwError } from 'rxjs'

/** What broke alarms, and has reached a subscriber, or been thrown at a caller. */
const reached = new WeakSet<WeakKey>()
const thrown = new WeakSet<WeakKey>()

const isKnown = (error: unknown, to: WeakSet<WeakKey>): boolean => to.has(error as WeakKey)
/** A user's function may throw what no set can hold: that is reported. */
const add = (error: unknown, to: WeakSet<WeakKey>): void => {
  if (Object(error) === error) to.add(error as WeakKey) // instanceof would ask a Proxy
}

/** It is an error notification of a subscriber, a rejection, or an event. */
export function markReached(error: unknown): void {
  add(error, reached)
}

/** It is thrown from here on. Returns it. */
export function throwing<E>(error: E): E {
  add(error, thrown)
  return error
}

/** It was thrown, and caught where no caller sees it. */
export function markSwallowed(error: unknown): void {
  thrown.delete(error as WeakKey)
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
