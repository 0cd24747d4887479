import { describe, expect, it } from 'vitest'
import { journalPictures } from '../../../src/operating/journal/journal-pictures.ts'
import type { JournalEvent } from '../../../src/sqlite/journal/journal-event.ts'

const at = (n: number, event: object): JournalEvent => ({ at: n, key: 'k', ...event }) as JournalEvent
const error = { name: 'Error', message: 'the disk' }
const draw = (events: JournalEvent[], limit = 40, before = 0): string =>
  journalPictures({ events, before }, limit, 80)

describe('the pictures of a journal', () => {
  it('are apart where events were lost', () => {
    const events = [
      at(1, { kind: 'commit-issued', time: 5 }),
      at(2, { kind: 'gap', until: 9, lost: 1_234 }),
      at(10, { kind: 'commit-issued', time: 7 }),
    ]
    expect(draw(events, 40, 100)).toBe(`1 of 102 events, the last at 1970-01-01T00:00:00.001Z

clock       1
            |--
commits     5..
manager     ?
store       ?

times in ms

Here 1,234 events of all actors were lost, from 1970-01-01T00:00:00.002Z to 1970-01-01T00:00:00.009Z.

1 of 102 events, the last at 1970-01-01T00:00:00.010Z

clock       10
            |--
commits     7..
manager     ?
store       ?

times in ms
`)
    const [first, gap, last] = events as [JournalEvent, JournalEvent, JournalEvent]
    const some = draw([gap, first, gap, last], 1)
    expect(some).not.toContain('00.001Z')
    expect(some.match(/^Here/gm)).toHaveLength(1)
    expect(draw(events.slice(0, 2))).toMatch(/00\.009Z\.\n$/)
  })

  it('end what was under way when another recording began', () => {
    const drawn = draw([
      at(1, { kind: 'commit-issued', time: 5 }),
      at(4, { kind: 'recording-began' }),
      at(4, { kind: 'opened', time: 5, epoch: 2 }),
      at(4, { kind: 'intent', time: 7, move: 'later', unconfirmed: false, bound: 5, committed: 5 }),
    ])
    expect(drawn).toMatch(/^commits +5!/m)
    expect(drawn).toMatch(/^intents +\| +7/m)
    expect(drawn).toContain('3 of 3 events')
  })

  it('end once where the end was recorded', () => {
    const drawn = draw([
      at(1, { kind: 'commit-issued', time: 5 }),
      at(3, { kind: 'errored', error }),
      at(4, { kind: 'recording-began' }),
      at(4, { kind: 'commit-issued', time: 5 }),
    ])
    expect(drawn.match(/^intents.*$/m)![0]).toMatch(/^intents +#$/)
  })

  it.each([
    ['load-failed', { lost: 1, error }, /! 2: broken: the disk/],
    ['broken', { error }, /! 2: broken: the disk/],
    ['closed', {}, /^intents +\|$/m],
  ])('show the end of an alarm of a fleet: %s', (kind, more, expected) => {
    expect(draw([at(1, { kind: 'commit-issued', time: 5 }), at(2, { kind, ...more })])).toMatch(expected)
  })

  it('leave out what happens to an actor as one of many', () => {
    const events = [
      at(1, { kind: 'opened', time: 5, epoch: 2 }),
      at(2, { kind: 'waiting', move: 'later', waiting: 1, writing: 1 }),
      at(3, { kind: 'refused', error }),
      at(4, { kind: 'backing-off', delay: 5, error }),
      at(5, { kind: 'dropped' }),
      at(5, { kind: 'not-kept', of: 'intent' }),
    ]
    expect(draw(events)).toBe('')
    expect(draw([...events, at(6, { kind: 'commit-issued', time: 5 })])).toContain('clock       6\n')
  })
})
