import type { TimelineEvent } from '../../marbles/timeline/timeline.ts'
import type { JournalEvent } from '../../sqlite/journal/journal-event.ts'
import type { KeptEvents } from '../../sqlite/journal/read-journal.ts'
import { digits } from '../command/terminal.ts'
import { instant } from '../times.ts'
import { fromQuietBeginning } from './quiet-beginning.ts'

const EVENTS = 40 // of an actor, unless as many are asked for

/** What happened without a gap in what is known, or such a gap. */
export type LastEvents =
  | { readonly title: string; readonly events: readonly TimelineEvent[] }
  | { readonly gap: string }

/** The last events of an actor, to be drawn: apart after each gap, where nothing is known any more. */
export function lastEvents({ events, before }: KeptEvents, limit = EVENTS): readonly LastEvents[] {
  const total = before + events.filter(isEvent).length
  const parts: LastEvents[] = []
  let left = limit
  for (const [i, { gap, own }] of [...stretches(events).entries()].reverse()) {
    if (left <= 0) break
    const last = fromQuietBeginning(own, left, i === 0 && before === 0)
    left -= last.length
    const drawn = drawable(last)
    if (drawn.length > 0) parts.unshift({ title: titleOf(last, total), events: drawn })
    if (gap !== null) parts.unshift({ gap: gapText(gap) })
  }
  return parts
}

/** Events without a gap between them. */
interface Stretch {
  /** the one before them */
  readonly gap: Gap | null
  readonly own: JournalEvent[]
}

type Gap = JournalEvent & { readonly kind: 'gap' }

function stretches(events: readonly JournalEvent[]): Stretch[] {
  const all: Stretch[] = [{ gap: null, own: [] }]
  for (const event of events) {
    if (event.kind === 'gap') all.push({ gap: event, own: [] })
    else all.at(-1)!.own.push(event)
  }
  return all
}

const isEvent = ({ kind }: JournalEvent): boolean => kind !== 'gap' && kind !== 'recording-began'

function titleOf(events: readonly JournalEvent[], total: number): string {
  const count = events.filter(isEvent).length
  return `${digits(count)} of ${digits(total)} events, the last at ${instant(events.at(-1)!.at)}`
}

function gapText({ at, until, lost }: Gap): string {
  return `Here ${digits(lost)} events of all actors were lost, from ${instant(at)} to ${instant(until)}.`
}

/** What happens to an actor as one of many is not drawn, unless it ends its alarm. */
function drawable(events: readonly JournalEvent[]): TimelineEvent[] {
  const drawn: TimelineEvent[] = []
  for (const event of events) {
    const { at, key } = event
    const last = drawn.at(-1)
    switch (event.kind) {
      case 'opened':
      case 'backing-off':
      case 'refused':
      case 'waiting':
      case 'dropped':
      case 'not-kept':
      case 'gap':
        break
      case 'load-failed':
      case 'broken':
        drawn.push({ at, key, kind: 'errored', error: event.error })
        break
      case 'closed':
        drawn.push({ at, key, kind: 'completed' })
        break
      case 'recording-began': // what was under way then was not answered any more
        if (last !== undefined && !isEnd(last)) drawn.push({ at: last.at, key, kind: 'completed' })
        break
      default:
        drawn.push(event)
    }
  }
  return drawn
}

const isEnd = ({ kind }: TimelineEvent): boolean => kind === 'completed' || kind === 'errored'
