import type { Change } from './change.ts'

const TRIES = 5

/** Has a change come once more that was rolled back for what is not its own; whether it may: not too often. */
export function comesAgain<C extends Change>(change: C, again: C[]): boolean {
  if (++change.tries >= TRIES) return false
  again.push(change)
  return true
}

/** The same; `why` is its error where it may not. */
export function repeat<C extends Change>(change: C, why: unknown, again: C[]): void {
  if (!comesAgain(change, again)) change.reject(why)
}
