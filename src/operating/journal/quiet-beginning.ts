import type { JournalEvent } from '../../sqlite/journal/journal-event.ts'

/** A place among events where nothing was under way. */
interface Quiet {
  readonly index: number
  /** what said so, with what the store and the manager held then; `null` at the beginning of all */
  readonly said: JournalEvent | null
}

/**
 * The last events, about `limit`: from where nothing was under way, if there is such a place near. What is drawn from there is all known;
 * in the middle of a commit the gate would look open. `isWhole`: nothing was before these events.
 *
 * First comes the event that said so: it has what the store and the manager held then.
 */
export function fromQuietBeginning(
  events: readonly JournalEvent[],
  limit: number,
  isWhole: boolean,
): readonly JournalEvent[] {
  const first = Math.max(0, events.length - limit)
  const places = quietPlaces(events, isWhole)
  const { index, said } = places.findLast(({ index }) => index <= first && index >= first - limit) ??
    places.find(({ index }) => index > first && index <= first + limit / 2) ?? { index: first, said: null }
  return said === null ? events.slice(index) : [said, ...events.slice(index)]
}

function quietPlaces(events: readonly JournalEvent[], isWhole: boolean): Quiet[] {
  const places: Quiet[] = isWhole ? [{ index: 0, said: null }] : []
  let settled: JournalEvent | null = null
  let deliveries = 0
  for (const [i, event] of events.entries()) {
    settled = settledBy(event, settled)
    deliveries = Math.max(0, deliveries + (changes[event.kind] ?? 0))
    if (settled !== null && deliveries === 0) places.push({ index: i + 1, said: settled })
  }
  return places
}

const changes: Partial<Record<JournalEvent['kind'], 1 | -1>> = {
  'delivery-arrived': 1,
  'delivery-done': -1,
  'delivery-failed': -1,
  'delivery-rescheduled': -1,
}

/** The event after which the store and the manager agreed, while nothing else has begun. */
function settledBy(event: JournalEvent, before: JournalEvent | null): JournalEvent | null {
  if (event.kind === 'drained') return event
  return event.kind.startsWith('delivery-') ? before : null
}
