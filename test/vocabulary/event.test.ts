import { EMPTY, Subject } from 'rxjs'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  type Alarm,
  type AlarmConfig,
  type AlarmEvent,
  AlarmFencedError,
  openAlarm,
} from '../../src/index.ts'
import { type VirtualClock, virtualClock } from '../../src/marbles/clock/virtual-clock.ts'

const boom = new Error('boom')

let clock: VirtualClock
let commits: Subject<never>[]
let writes: Subject<never>[]
let story: Record<string, unknown>[]
beforeEach(() => {
  clock = virtualClock(100)
  commits = []
  writes = []
  story = []
})

function open(more: Partial<AlarmConfig> = {}): Alarm {
  const made = (calls: Subject<never>[]) => {
    const call = new Subject<never>()
    calls.push(call)
    return call
  }
  const alarm = openAlarm({
    key: 'k',
    initial: 9,
    reconcile: false,
    scheduler: clock,
    commit: () => made(commits),
    write: () => made(writes),
    ...more,
  })
  alarm.events$.subscribe({
    next({ at, key, ...event }: AlarmEvent) {
      expect([at, key]).toEqual([clock.now(), 'k'])
      story.push(event)
    },
    error: () => {},
  })
  return alarm
}

/** What was told since this was asked last. */
const told = () => story.splice(0)
const written = (time: number | null, fence: number, more = {}) => ({
  move: 'later',
  time,
  fence,
  attempt: 1,
  ...more,
})

describe('the whole story', () => {
  it('of a move earlier', () => {
    const alarm = open()
    const write = written(5, 1, { move: 'earlier' })
    alarm.set(5)
    expect(told()).toEqual([
      { kind: 'intent', time: 5, move: 'earlier', unconfirmed: false, bound: 9, committed: 9 },
      { kind: 'write-issued', ...write },
    ])
    clock.advance(7)
    writes[0]!.complete()
    expect(told()).toEqual([
      { kind: 'write-acknowledged', ...write, took: 7 },
      { kind: 'commit-issued', time: 5 },
    ])
    clock.advance(3)
    commits[0]!.complete()
    expect(told()).toEqual([
      { kind: 'commit-acknowledged', time: 5, took: 3 },
      { kind: 'drained', time: 5, caughtUp: true },
    ])
  })

  it('of a move later that fails until it is given up', () => {
    const alarm = open({ retry: { count: 1, delay: () => 50 } })
    alarm.delete({ allowUnconfirmed: true })
    commits[0]!.complete()
    expect(told()).toEqual([
      { kind: 'intent', time: null, move: 'later', unconfirmed: true, bound: 9, committed: 9 },
      { kind: 'commit-issued', time: null },
      { kind: 'commit-acknowledged', time: null, took: 0 },
      { kind: 'write-issued', ...written(null, 1) },
    ])
    clock.advance(4)
    writes[0]!.error(boom)
    expect(told()).toEqual([
      { kind: 'write-failed', ...written(null, 1), took: 4, error: boom },
      { kind: 'write-retried', ...written(null, 1), delay: 50 },
    ])
    clock.advance(50)
    writes[1]!.error(boom)
    const again = written(null, 2, { move: 'same', attempt: 2 })
    expect(told()).toEqual([
      { kind: 'write-issued', ...again },
      { kind: 'write-failed', ...again, took: 0, error: boom },
      { kind: 'write-given-up', ...again, error: boom },
      { kind: 'drained', time: null, caughtUp: false },
    ])
  })

  it('of a precommit that is held, and of what is superseded', () => {
    const alarm = open()
    alarm.set(20)
    commits[0]!.complete()
    told()
    alarm.set(30)
    alarm.set(40)
    expect(told().slice(1)).toEqual([
      { kind: 'commit-issued', time: 30 },
      { kind: 'intent', time: 40, move: 'later', unconfirmed: false, bound: 20, committed: 20 },
    ])
    commits[1]!.complete()
    commits[2]!.complete()
    expect(told()).toEqual([
      { kind: 'commit-acknowledged', time: 30, took: 0 },
      { kind: 'commit-issued', time: 40 },
      { kind: 'commit-acknowledged', time: 40, took: 0 },
      { kind: 'superseded', before: 'write', time: 30, by: 40 },
    ])
    alarm.set(8)
    clock.advance(6)
    alarm.set(7)
    clock.advance(5)
    writes[0]!.complete()
    expect(told()).toEqual([
      { kind: 'intent', time: 8, move: 'earlier', unconfirmed: false, bound: 20, committed: 40 },
      { kind: 'held', time: 8 },
      { kind: 'intent', time: 7, move: 'earlier', unconfirmed: false, bound: 20, committed: 40 },
      { kind: 'superseded', before: 'commit', time: 8, by: 7 },
      { kind: 'write-acknowledged', ...written(20, 1), took: 11 },
      { kind: 'released', time: 7, heldFor: 11 },
      { kind: 'write-issued', ...written(7, 2, { move: 'earlier' }) },
    ])
    writes[1]!.complete()
    commits[3]!.complete()
    expect(told().slice(2)).toEqual([
      { kind: 'commit-acknowledged', time: 7, took: 0 },
      { kind: 'superseded', before: 'write', time: 40, by: 7 },
      { kind: 'drained', time: 7, caughtUp: true },
    ])
  })

  it('of a precommit that is held while a commit is acknowledged', () => {
    const alarm = open()
    alarm.set(20)
    commits[0]!.complete()
    alarm.set(30)
    alarm.set(8)
    told()
    clock.advance(6)
    commits[1]!.complete()
    expect(told()).toEqual([{ kind: 'commit-acknowledged', time: 30, took: 6 }])
    clock.advance(5)
    writes[0]!.complete()
    expect(told()[1]).toEqual({ kind: 'released', time: 8, heldFor: 11 })
  })

  it('of a held precommit that turns out not to be needed', () => {
    const alarm = open()
    alarm.set(20)
    commits[0]!.complete()
    alarm.set(8)
    told()
    clock.advance(2)
    alarm.set(20)
    expect(told()).toEqual([
      { kind: 'intent', time: 20, move: 'same', unconfirmed: false, bound: 20, committed: 20 },
      { kind: 'superseded', before: 'commit', time: 8, by: 20 },
      { kind: 'released', time: 20, heldFor: 2 },
      { kind: 'commit-issued', time: 20 },
    ])
  })

  it('of a state that changed around the alarm', () => {
    const alarm = open()
    alarm.touch()
    commits[0]!.complete()
    alarm.touch({ allowUnconfirmed: true })
    expect(told()).toEqual([
      { kind: 'touched', unconfirmed: false },
      { kind: 'commit-issued', time: 9 },
      { kind: 'commit-acknowledged', time: 9, took: 0 },
      { kind: 'drained', time: 9, caughtUp: true },
      { kind: 'touched', unconfirmed: true },
      { kind: 'commit-issued', time: 9 },
    ])
  })

  it('of a state that changed around an alarm which is on its way', () => {
    const alarm = open()
    alarm.set(5)
    told()
    alarm.touch()
    expect(told()).toEqual([{ kind: 'touched', unconfirmed: false }])
  })

  it('of what breaks it', () => {
    open().touch()
    clock.advance(2)
    commits[0]!.error(boom)
    expect(told().slice(2)).toEqual([{ kind: 'commit-failed', time: 9, took: 2, error: boom }])

    const earlier = written(5, 1, { move: 'earlier' })
    open().set(5)
    clock.advance(2)
    writes[0]!.error(boom)
    expect(told().slice(2)).toEqual([{ kind: 'write-failed', ...earlier, took: 2, error: boom }])

    const fenced = new AlarmFencedError('k', 1)
    open().set(5)
    writes[1]!.error(fenced)
    expect(told().slice(2)).toEqual([{ kind: 'write-fenced', ...earlier, took: 0, error: fenced }])
  })

  it('of a delivery that runs the handler', () => {
    const alarm = open({ commit: () => EMPTY })
    const handler$ = new Subject<never>()
    alarm.deliver({ scheduledTime: 9, retryCount: 2 }, () => handler$).subscribe()
    handler$.complete()
    const delivered = { scheduledTime: 9, retryCount: 2 }
    expect(told()).toEqual([
      { kind: 'delivery-arrived', ...delivered },
      { kind: 'delivery-run', ...delivered, time: 9, deletes: true },
      { kind: 'commit-issued', time: null },
      { kind: 'commit-acknowledged', time: null, took: 0 },
      { kind: 'drained', time: null, caughtUp: true },
      { kind: 'delivery-done', ...delivered },
    ])
  })

  it('of a delivery that meets an intent which is not durable yet', () => {
    const alarm = open()
    alarm.set(20)
    told()
    alarm.deliver({ scheduledTime: 9 }, () => EMPTY).subscribe()
    const delivered = { scheduledTime: 9, retryCount: 0 }
    expect(told()).toEqual([
      { kind: 'delivery-arrived', ...delivered },
      { kind: 'delivery-run', ...delivered, time: 9, deletes: false },
    ])
  })

  it('of a delivery whose handler fails', () => {
    const alarm = open()
    alarm
      .deliver({ scheduledTime: 9 }, () => {
        throw boom
      })
      .subscribe({ error: () => {} })
    expect(told().at(-1)).toEqual({ kind: 'delivery-failed', scheduledTime: 9, retryCount: 0, error: boom })
  })

  it('of a delivery that came too early', () => {
    const alarm = open({ initial: 500 })
    alarm.deliver({ scheduledTime: 9 }, () => expect.unreachable()).subscribe()
    writes[0]!.complete()
    expect(told()).toEqual([
      { kind: 'delivery-arrived', scheduledTime: 9, retryCount: 0 },
      { kind: 'write-issued', ...written(500, 1, { move: 'same' }) },
      { kind: 'write-acknowledged', ...written(500, 1, { move: 'same' }), took: 0 },
      { kind: 'drained', time: 500, caughtUp: true },
      { kind: 'delivery-rescheduled', scheduledTime: 9, retryCount: 0, time: 500 },
    ])
  })

  it.each([
    ['by a write that is older than our last', { scheduledTime: 700, fence: 0 }, []],
    ['by our last write', { scheduledTime: 700, fence: 1 }, [{ manager: 700, committed: 500 }]],
    ['by nobody knows which write', { scheduledTime: 700 }, [{ manager: 700, committed: 500 }]],
    ['for the very time', { scheduledTime: 500, fence: 1 }, []],
    ['too early', { scheduledTime: 400, fence: 1 }, []],
  ])('of a manager that was later than the store: woken %s', (_, wakeup, violations) => {
    const alarm = open({ initial: 500, reconcile: true })
    writes[0]!.complete()
    alarm.deliver(wakeup, () => EMPTY).subscribe()
    const told = story.filter(({ kind }) => kind === 'violation')
    expect(told).toEqual(violations.map((violation) => ({ kind: 'violation', ...violation })))
  })

  it('of a manager that is woken for what was deleted tells no violation', () => {
    const alarm = open({ initial: null })
    alarm.deliver({ scheduledTime: 700 }, () => EMPTY).subscribe()
    expect(story.map(({ kind }) => kind)).not.toContain('violation')
  })
})
