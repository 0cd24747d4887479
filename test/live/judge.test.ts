import type { AlarmTime } from 'nolater'
import { virtualClock } from 'nolater/marbles'
import { describe, expect, it } from 'vitest'
import { openJudge } from '../../examples/live/run/judge.ts'

function watch() {
  const clock = virtualClock()
  const held = { store: null as AlarmTime, manager: null as AlarmTime }
  const judge = openJudge(clock, () => held)
  const now = (store: AlarmTime, manager: AlarmTime): void => {
    Object.assign(held, { store, manager })
    judge.look()
  }
  return { clock, judge, now }
}
const counts = ({ late, lost }: { late: number; lost: number }) => ({ late, lost })

describe('the judge', () => {
  it('finds nothing wrong with a manager that is early, or in step', () => {
    const { clock, judge, now } = watch()
    now(500, 200)
    clock.advance(300)
    now(500, 500)
    clock.advance(300)
    judge.woken()
    now(null, 500)
    now(null, null)
    clock.advance(1_000)
    expect(judge.divergences).toEqual([])
    expect(counts(judge)).toEqual({ late: 0, lost: 0 })
  })

  it('marks from when to when the manager is later than the store', () => {
    const { clock, judge, now } = watch()
    clock.advance(10)
    now(500, 900)
    clock.advance(20)
    now(500, 800) // still later
    clock.advance(20)
    now(500, 400)
    now(300, null)
    expect(judge.divergences).toEqual([
      { from: 10, to: 50, store: 500, manager: 900 },
      { from: 50, to: null, store: 300, manager: null },
    ])
    expect(counts(judge)).toEqual({ late: 0, lost: 0 }) // nothing was due yet
  })

  it('calls an alarm late whose handler begins too late', () => {
    const { clock, judge, now } = watch()
    now(100, 400)
    clock.advance(99)
    expect(judge.missed).toEqual([])
    clock.advance(1)
    expect(counts(judge)).toEqual({ late: 1, lost: 0 })
    clock.advance(300)
    judge.woken()
    expect(judge.missed).toEqual([{ due: 100, wokenAt: 400, isReplaced: false }])
    now(null, null)
    expect(counts(judge)).toEqual({ late: 1, lost: 0 })
  })

  it('calls an alarm lost while nobody is going to wake for it, and for good when another takes its place', () => {
    const { clock, judge, now } = watch()
    now(100, null)
    clock.advance(100)
    expect(counts(judge)).toEqual({ late: 0, lost: 1 })
    now(100, 900)
    expect(counts(judge)).toEqual({ late: 1, lost: 0 })
    now(2_000, 900)
    expect(counts(judge)).toEqual({ late: 0, lost: 1 })
  })

  it('counts an alarm that was due in time, and whose late write hid it before anybody woke', () => {
    const { clock, judge, now } = watch()
    now(100, 100)
    clock.advance(100)
    now(100, 700) // a write of long ago lands before the delivery
    expect(counts(judge)).toEqual({ late: 1, lost: 0 })
  })

  it('expects a handler once more when its process ended', () => {
    const { clock, judge, now } = watch()
    now(100, 100)
    clock.advance(100)
    judge.woken()
    now(100, 700)
    expect(judge.missed).toEqual([])
    judge.ended()
    expect(counts(judge)).toEqual({ late: 1, lost: 0 })
  })
})
