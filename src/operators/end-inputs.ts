import type { Subscription } from 'rxjs'

/**
 * The order in which every operator ends: its inputs are torn down, then the end passes, so that the subscriber can subscribe to the same
 * source again at once. What a teardown throws goes to the caller that brought the end about, and keeps no end from passing. The first
 * end is the one that passes: tearing down may bring about others.
 */
export function endInputs(inputs: Subscription, pass: () => void): void {
  if (inputs.closed) return
  try {
    inputs.unsubscribe()
  } finally {
    pass()
  }
}
