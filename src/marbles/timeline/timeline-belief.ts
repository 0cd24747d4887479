import type { AlarmTime } from '../../index.ts'
import type { TimelineEvent } from './timeline.ts'

/** What is known from outside. Several times: one of them, it is unknown which; none: nothing is known yet. */
export interface Belief {
  /** what the manager may hold, from the earliest to the latest */
  readonly manager: readonly AlarmTime[]
  /** what the store may durably hold, likewise */
  readonly store: readonly AlarmTime[]
}

/** What the first events of an actor say about the time before them. */
export function firstBelief(events: readonly TimelineEvent[]): Belief {
  for (const event of events) {
    if (event.kind === 'intent') return { manager: [event.bound], store: [event.committed] }
    if (event.kind === 'drained' && event.caughtUp) return { manager: [event.time], store: [event.time] }
    if (event.kind === 'delivery-arrived') return { manager: [event.scheduledTime], store: [] }
    // What the store holds is written once more: when opened, or before a delivery is answered.
    if (event.kind === 'write-issued' && event.move === 'same') {
      return { manager: [event.time], store: [event.time] }
    }
    if (event.kind === 'write-issued' && event.move === 'later') return { manager: [], store: [event.time] }
    if (event.kind.startsWith('write-') || event.kind.startsWith('commit-')) break
  }
  return { manager: [], store: [] }
}

/**
 * What is known after one more event.
 *
 * A call may have been applied from its issue to its acknowledgement, and a failed one ever after, until a newer one is acknowledged.
 */
export function nextBelief(belief: Belief, event: TimelineEvent): Belief {
  const { manager, store } = belief
  switch (event.kind) {
    case 'write-issued':
      return { store, manager: either(manager, event.time) }
    case 'write-acknowledged':
      return { store, manager: [event.time] }
    case 'commit-issued':
      return { manager, store: either(store, event.time) }
    case 'commit-acknowledged':
      return { manager, store: [event.time] }
    case 'delivery-done':
      // The answer to the manager is the deletion.
      return store[0] === null ? { store, manager: [null] } : belief
    default:
      return belief
  }
}

function either(times: readonly AlarmTime[], time: AlarmTime): readonly AlarmTime[] {
  if (times.length === 0 || times.includes(time)) return times
  return [...times, time].sort((a, b) => (a ?? Infinity) - (b ?? Infinity))
}
