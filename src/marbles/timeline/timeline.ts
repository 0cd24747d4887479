import type { AlarmEvent } from '../../index.ts'

/** An error as JSON can hold it; `code` where it has one. */
export interface TimelineError {
  readonly code?: string
  readonly message: string
}

type Recorded<Event> = Event extends { readonly error: unknown }
  ? Omit<Event, 'error'> & { readonly error: TimelineError }
  : Event

/** How the stream of one actor ended; `at` is its last event's, since an end is not stamped. */
type TimelineEnd = { readonly at: number; readonly key: string } & (
  | { readonly kind: 'completed' }
  | { readonly kind: 'errored'; readonly error: TimelineError }
)

/** An `AlarmEvent` with its error made plain, or the end of the stream. */
export type TimelineEvent = Recorded<AlarmEvent> | TimelineEnd

/**
 * What happened, in order, of one actor or of many: `JSON.stringify` keeps all of it.
 *
 * The timeline of one key is `{ events: timeline.events.filter(({ key }) => key === mine) }`.
 */
export interface Timeline {
  readonly events: readonly TimelineEvent[]
}

/**
 * Puts timelines that were recorded apart on one ruler, by the clock.
 *
 * The order within each stays as it was, also where its clock was stepped back; at the same time the timeline named first goes first.
 *
 * ```ts
 * const both = mergeTimelines(recordTimeline(one.events$).timeline, recordTimeline(other.events$).timeline)
 * console.log(drawTimeline(both, { format: 'ascii' }))
 * ```
 */
export function mergeTimelines(...timelines: readonly Timeline[]): Timeline {
  const rests = timelines.map(({ events }) => ({ events, next: 0 }))
  const events: TimelineEvent[] = []
  for (;;) {
    let first: { event: TimelineEvent; of: { next: number } } | undefined
    for (const rest of rests) {
      const event = rest.events[rest.next]
      if (event !== undefined && (first === undefined || event.at < first.event.at))
        first = { event, of: rest }
    }
    if (first === undefined) return { events }
    events.push(first.event)
    first.of.next++
  }
}
