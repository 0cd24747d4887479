import type { MatcherState } from 'vitest'
import type { AlarmEvent } from '../index.ts'
import { drawTimeline, MarblesError, type Timeline, type TimelineEvent } from '../marbles/index.ts'
import { findLate } from './find-late.ts'
import { atTheExpectation, type Verdict, verdict } from './verdict.ts'

const CONTEXT = 20

/** `expect(recording).toBeNeverLate()`; see `MarbleMatchers`. */
export function toBeNeverLate(this: MatcherState, recorded: unknown): Verdict {
  return atTheExpectation(toBeNeverLate, () => {
    const events = eventsOf(recorded)
    if (events === null || events.length === 0)
      throw new MarblesError(
        'MARBLES_INVALID',
        events === null
          ? `Expected a Timeline, what recordTimeline() returns, or a list of AlarmEvents; given ${this.utils.stringify(recorded)}. ` +
              'A fake manager is compared with its store as it goes: give it { store }.'
          : 'Expected something to have happened; nothing was recorded, which says nothing about lateness. Record before you set.',
      )
    const reports = [...Map.groupBy(events, ({ key }) => key).values()].map(reportOf)
    return verdict(
      reports.filter((report) => report !== '').join('\n\n'),
      'the manager was never later than the store.',
    )
  })
}

function eventsOf(recorded: unknown): readonly TimelineEvent[] | null {
  if (Array.isArray(recorded)) return recorded.every(isEvent) ? recorded.map(plain) : null
  if (typeof recorded !== 'object' || recorded === null) return null
  const { timeline, events } = recorded as { timeline?: Timeline; events?: unknown }
  return Array.isArray(events) ? eventsOf(events) : timeline === undefined ? null : eventsOf(timeline)
}

const isEvent = (event: unknown): event is AlarmEvent | TimelineEvent =>
  typeof event === 'object' && event !== null && 'kind' in event && 'at' in event && 'key' in event

const plain = (event: AlarmEvent | TimelineEvent): TimelineEvent =>
  'error' in event
    ? ({
        ...event,
        error: { message: (event.error as Error | undefined)?.message ?? String(event.error) },
      } as TimelineEvent)
    : (event as TimelineEvent)

function reportOf(events: readonly TimelineEvent[]): string {
  const late = findLate(events)
  const [first] = late
  if (first === undefined) return ''
  const at = events.indexOf(first.event)
  const drawn = drawTimeline({ events: events.slice(Math.max(0, at - CONTEXT), at + 2) }, { format: 'ascii' })
  const where = late.map(({ event, says }) => `at ${event.at} ms (${event.kind}): ${says}`)
  return `Expected a manager that is never later than the store.\n\n${where.join('\n')}\n\n${drawn.trimEnd()}`
}
