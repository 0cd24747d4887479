import type { AlarmTime } from '../../index.ts'
import type { TimelineEvent } from './timeline.ts'

/** `broken`: nothing leaves any more. */
export type Gate = 'open' | 'closed' | 'broken'

/**
 * Follows one actor's output gate: a confirmed intent closes it, the commit that covers the newest of them opens it.
 *
 * After an end the actor may be opened again: its gate is a new one.
 */
export function followGate(committedAtFirst: AlarmTime | undefined): (event: TimelineEvent) => Gate {
  let committed = committedAtFirst
  let desired = committed
  let isCommitting = false
  let isTouched = false
  let [asked, gated, covers, covered] = [0, 0, 0, 0]

  const ask = (unconfirmed: boolean): void => {
    asked++
    if (!unconfirmed) gated = asked
  }
  const isConfirmed = (): boolean => desired === committed && !isCommitting && !isTouched

  return (event) => {
    switch (event.kind) {
      case 'intent':
        ask(event.unconfirmed)
        desired = event.time
        break
      case 'touched':
        ask(event.unconfirmed)
        isTouched = true
        break
      case 'commit-issued':
        // A handler's success deletes without an intent; what is committed is what is desired.
        desired = event.time
        covers = asked
        isCommitting = true
        isTouched = false
        break
      case 'commit-acknowledged':
        committed = event.time
        isCommitting = false
        covered = covers
        break
      case 'completed':
      case 'errored': {
        // What still waits for its commit is never let go.
        const isBroken = event.kind === 'errored' || gated > covered
        isCommitting = isTouched = false
        covered = asked
        return isBroken ? 'broken' : 'open'
      }
    }
    // There and back again: nothing is left to wait for.
    if (isConfirmed()) covered = asked
    return gated > covered ? 'closed' : 'open'
  }
}
