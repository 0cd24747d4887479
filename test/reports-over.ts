/**
 * Resolves when RxJS has reported what has gone wrong by now: from a timer of its own, which a microtask may set, so that one that is set here
 * may be over a millisecond before it.
 */
export async function reportsOver(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve))
}
