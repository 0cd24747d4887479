import type { Timeline } from 'nolater/marbles'

/** As much of a story as one reads with pleasure: its first events, up to the end of the last delivery or agreement among them. */
export function excerpt({ events }: Timeline, most: number): Timeline {
  const issued = new Set<number>()
  const told = events.filter((event) => {
    if (event.kind === 'write-issued') issued.add(event.fence)
    // An opened store writes its alarm once more before anybody can listen: only the answer is heard.
    if (event.kind === 'write-acknowledged') return issued.has(event.fence)
    // Each note in the journal is a `touched` of its own, next to the intent that it tells of.
    return event.kind !== 'touched'
  })
  const first = told.slice(0, most)
  const last = first.findLastIndex(({ kind }) => kind === 'drained' || kind === 'delivery-done')
  return { events: last < 0 ? first : first.slice(0, last + 1) }
}
