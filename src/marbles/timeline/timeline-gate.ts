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
  let desired = committedAtFirst
  let [asked, gated, covers, covered] = [0, 0, 0, 0]

  const ask = (unconfirmed: boolean): void => {
    asked++
    if (!unconfirmed) gated = asked
  }

  return (event) => {
    switch (event.kind) {
      case 'intent':
        // The same value again is no move; but what was asked unconfirmed must be durable before the gate opens.
        if (event.again || event.time !== (desired === undefined ? event.committed : desired))
          ask(event.unconfirmed)
        else if (!event.unconfirmed) gated = asked
        desired = event.time
        break
      case 'touched':
        ask(event.unconfirmed)
        break
      case 'commit-issued':
        // A handler's success deletes without an intent; what is committed is what is desired.
        desired = event.time
        covers = asked
        break
      case 'commit-acknowledged':
        covered = covers
        break
      case 'completed':
      case 'errored': {
        // What still waits for its commit is never let go.
        const isBroken = event.kind === 'errored' || gated > covered
        covered = asked
        desired = undefined // the next life knows what it has opened with
        return isBroken ? 'broken' : 'open'
      }
    }
    return gated > covered ? 'closed' : 'open'
  }
}
