import { EMPTY, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { AlarmEvent } from '../../../src/index.ts'
import { open } from '../bare-alarm.ts'

/** An alarm at 9 whose first commit and second write are answered by hand, and what it says of what it holds. */
function rig() {
  const commit$ = new Subject<never>()
  const write$ = new Subject<never>()
  const calls = { commits: 0, writes: 0 }
  const events: AlarmEvent[] = []
  const alarm = open({
    initial: 9,
    commit: () => (++calls.commits === 1 ? commit$ : EMPTY),
    write: () => (++calls.writes === 2 ? write$ : EMPTY),
  })
  alarm.events$.subscribe((event) => events.push(event))
  const kinds = () =>
    events.map(({ kind }) => kind).filter((kind) => /^(held|released|write-ack.*)$/.test(kind))
  return { alarm, commit$, write$, kinds, calls }
}

describe('what waits', () => {
  it('is said of an earlier move, and not of a commit', () => {
    const { alarm, commit$, kinds, calls } = rig()
    alarm.set(5)
    alarm.set(7)
    commit$.complete()
    expect(calls.commits).toBe(2)
    expect(kinds()).not.toContain('held')
    expect(kinds()).not.toContain('released')
  })

  it('is said once of an earlier move, also where the turn of a commit comes meanwhile', () => {
    const { alarm, commit$, write$, kinds } = rig()
    for (const time of [5, 7, 3, 2]) alarm.set(time)
    commit$.complete()
    expect(kinds()).toEqual(['write-acknowledged', 'held'])
    write$.complete()
    expect(kinds()).toEqual([
      'write-acknowledged',
      'held',
      'write-acknowledged',
      'released',
      'write-acknowledged',
    ])
  })
})
