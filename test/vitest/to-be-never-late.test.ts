import 'nolater/vitest'
import { type AlarmEvent, openAlarm } from 'nolater'
import { fakeManager, fakeStore, recordTimeline, virtualClock } from 'nolater/marbles'
import { describe, expect, it } from 'vitest'
import { complaintOf } from './complaint.ts'

/** What an alarm tells while it is set to 5, 9, 2 and deleted. */
function recorded() {
  const clock = virtualClock()
  const store = fakeStore('.|', { scheduler: clock })
  const manager = fakeManager('..|', { scheduler: clock, store })
  const alarm = openAlarm({
    key: 'a',
    commit: store.commit,
    write: manager.write,
    scheduler: clock,
    reconcile: false,
  })
  const recording = recordTimeline(alarm.events$)
  for (const time of [5_000, 9_000, 2_000]) {
    alarm.set(time)
    clock.advance(10)
  }
  alarm.delete()
  clock.advance(100)
  return recording
}

/** The same, with an event taken out or put elsewhere. */
const without = (kind: AlarmEvent['kind'], time: number) =>
  recorded().timeline.events.filter(
    (event) => event.kind !== kind || !('time' in event) || event.time !== time,
  )

describe('toBeNeverLate', () => {
  it('takes a recording, its timeline and its events', () => {
    const recording = recorded()
    expect(recording).toBeNeverLate()
    expect(recording.timeline).toBeNeverLate()
    expect(recording.timeline.events).toBeNeverLate()
    const events = recording.timeline.events as unknown as AlarmEvent[]
    expect(
      events.map((event) => ('error' in event ? { ...event, error: new Error('no') } : event)),
    ).toBeNeverLate()
  })

  it('finds a commit that did not wait for its precommit, and draws where', () => {
    const events = without('write-acknowledged', 2_000)
    const complaint = complaintOf(() => expect(events).toBeNeverLate())
    expect(complaint).toContain('Expected a manager that is never later than the store.')
    expect(complaint).toMatch(
      /at \d+ ms \(commit-issued\): the manager may hold 9000 while the store may hold 2000/,
    )
    expect(complaint).toMatch(/^clock /m)
    expect(complaint).toMatch(/^writes /m)
  })

  it('finds a later move that went before its commit', () => {
    const { events } = recorded().timeline
    const issued = events.findIndex((event) => event.kind === 'write-issued' && event.time === 9_000)
    const committed = events.findIndex((event) => event.kind === 'commit-issued' && event.time === 9_000)
    const early = [...events.slice(0, committed), events[issued]!, ...events.slice(committed)]
    expect(complaintOf(() => expect(early).toBeNeverLate())).toContain(
      'the manager may hold 9000 while the store may hold 5000',
    )
  })

  it('finds what the alarm itself found', () => {
    const violation = { kind: 'violation', at: 100, key: 'a', manager: 9_000, committed: 5_000 } as const
    expect(complaintOf(() => expect([...recorded().timeline.events, violation]).toBeNeverLate())).toContain(
      'at 100 ms (violation): the manager came for 9000, after 5000',
    )
  })

  it('keeps actors apart', () => {
    const others = without('write-acknowledged', 2_000).map((event) => ({ ...event, key: 'b' }))
    expect([...recorded().timeline.events]).toBeNeverLate()
    expect(complaintOf(() => expect([...recorded().timeline.events, ...others]).toBeNeverLate())).toContain(
      '"b"',
    )
  })

  it('refuses what says nothing', () => {
    expect(complaintOf(() => expect([]).toBeNeverLate())).toContain('nothing was recorded')
    expect(complaintOf(() => expect({ events: [] }).not.toBeNeverLate())).toContain('nothing was recorded')
    for (const wrong of [5, null, 'a', [5], fakeManager('|')])
      expect(complaintOf(() => expect(wrong).toBeNeverLate())).toContain('Expected a Timeline')
  })
})
