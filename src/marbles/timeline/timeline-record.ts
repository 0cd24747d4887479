import type { Observable, Unsubscribable } from 'rxjs'
import type { AlarmEvent } from '../../index.ts'
import type { Timeline, TimelineError, TimelineEvent } from './timeline.ts'

/** A recording under way; unsubscribe to stop it. */
export interface Recording extends Unsubscribable {
  /** what has happened until now; it does not change any more */
  readonly timeline: Timeline
}

/**
 * Records what happens to one actor, or to many, as plain JSON.
 *
 * What `drawTimeline` makes of the recording of marbles/first-alarm.marbles:
 *
 * ```
 * clock       0        3ms  6ms
 *             |--------|----|---
 * intents     1s
 * moves       <
 * commits               1s..|
 * writes           1s..|     *
 * manager     none ....1s
 * store       none      ....1s
 * gate        ==============|
 *
 * times from 0 of the clock; < earlier than the bound; 5..| acknowledged; * drained;
 * 1..5 one or the other; ==| gate closed
 * ```
 *
 * It subscribes at once, and its `timeline` can be read at any time, after the end too: alarms have no end, so an Observable that emits
 * the timeline when they end would be of little use, and hot events would be lost before its subscription. An error that breaks
 * the stream is recorded as its end, for every key seen, and goes nowhere else.
 *
 * ```ts
 * const recording = recordTimeline(alarm.events$)
 * alarm.set(60_000)
 * console.log(drawTimeline(recording.timeline, { format: 'ascii' }))
 * ```
 */
export function recordTimeline(events$: Observable<AlarmEvent>): Recording {
  const events: TimelineEvent[] = []
  const end = (ending: { kind: 'completed' } | { kind: 'errored'; error: TimelineError }): void => {
    const keys = new Set(events.map(({ key }) => key))
    const at = events.at(-1)?.at ?? 0
    for (const key of keys.size === 0 ? [''] : keys) events.push({ at, key, ...ending })
  }
  const recording = events$.subscribe({
    next: (event) => events.push('error' in event ? { ...event, error: plain(event.error) } : event),
    error: (error) => end({ kind: 'errored', error: plain(error) }),
    complete: () => end({ kind: 'completed' }),
  })
  return {
    get timeline() {
      return { events: [...events] }
    },
    unsubscribe: () => recording.unsubscribe(),
  }
}

function plain(error: unknown): TimelineError {
  if (typeof error !== 'object' || error === null) return { message: String(error) }
  const { code, message } = error as { code?: unknown; message?: unknown }
  return {
    ...(typeof code === 'string' && { code }),
    message: typeof message === 'string' ? message : 'an object without a message',
  }
}
