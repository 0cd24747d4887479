import { from, Observable, type ObservableInput } from 'rxjs'
import { SEQUENCES } from '../../vocabulary/fence.ts'
import { allowedNext, stateOf } from './allowed.ts'
import { follow } from './follow.ts'
import { type Known, nothingKnown, opened } from './known.ts'
import type { TraceEvent, TraceFault } from './trace-event.ts'

const KEYS = 100_000 // actors of which something is remembered

/**
 * Judges what has happened by the specification: emits each event that it does not allow, with the sentence that it breaks, and completes
 * with the events.
 *
 * Takes the events of an alarm, of a fleet, or what was recorded of them, as they come. A log may begin in its middle, and may have gaps that it
 * names (a journal does): what is not known allows all that depends on it. After a fault nothing is known of that actor. What is remembered of
 * an actor is bounded, and forgotten with its end; beyond 100,000 of them, the one with the oldest event is.
 *
 * ```ts
 * checkTrace(alarm.events$).subscribe(({ key, rule, event }) => console.error(key, rule, event))
 * ```
 */
export function checkTrace(events: ObservableInput<TraceEvent>): Observable<TraceFault> {
  return new Observable((subscriber) => {
    const judge = openJudge()
    return from(events).subscribe({
      next(event) {
        const fault = judge(event)
        if (fault !== null) subscriber.next(fault)
      },
      // The error that breaks an alarm ends its events: it is no fault of the log.
      error: () => subscriber.complete(),
      complete: () => subscriber.complete(),
    })
  })
}

/** One judge for any number of actors. */
function openJudge(): (event: TraceEvent) => TraceFault | null {
  const actors = new Map<string, Known>()

  function knownOf(key: string): Known {
    const known = actors.get(key) ?? nothingKnown(0)
    if (actors.size >= KEYS) {
      if (!actors.delete(key)) actors.delete(actors.keys().next().value as string)
    }
    actors.set(key, known)
    return known
  }

  return (event) => {
    const { key, at } = event
    switch (event.kind) {
      case 'gap': // of all actors, at any moment: nothing is known any more
        actors.clear()
        return null
      case 'opened':
        actors.set(key, opened(event.time, event.epoch * SEQUENCES, (actors.get(key)?.index ?? 0) + 1))
        return null
      case 'not-kept':
      case 'recording-began':
        actors.set(key, nothingKnown((actors.get(key)?.index ?? 0) + 1))
        return null
      case 'broken':
      case 'load-failed':
      case 'closed':
      case 'dropped':
      case 'completed':
      case 'errored':
        actors.delete(key)
        return null
    }
    const before = knownOf(key)
    const { index } = before
    const known = isOfAnotherLife(before, event) ? nothingKnown(index) : before
    if (known !== before) actors.set(key, known)
    const rule = follow(known, event)
    known.index++
    if (rule === null) return null
    const found = { key, at, index, event, rule, state: stateOf(known), allowed: allowedNext(known) }
    actors.set(key, nothingKnown(index + 1))
    return found
  }
}

/** Under a fence of a higher epoch: the actor has been opened again, and the end of its life before was not recorded. */
function isOfAnotherLife({ issued }: Known, event: TraceEvent): boolean {
  if (issued === undefined || !('fence' in event) || event.kind === 'epoch-raised') return false
  return event.fence > issued + 1 && Math.floor(event.fence / SEQUENCES) > Math.floor(issued / SEQUENCES)
}
