import { EMPTY, map, NEVER, type Observable, of, Subject, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import {
  type Alarm,
  type AlarmEvent,
  type AlarmTime,
  memoryManager,
  multiplexTimers,
  openAlarm,
  type WakeupInfo,
} from '../../src/index.ts'
import { virtualClock } from '../../src/marbles/index.ts'
import { noTimers } from '../../src/timers/timers.ts'

const failed = (retry = true) =>
  throwError(() => Object.assign(new Error('on purpose'), retry ? {} : { retry })) as Observable<unknown>

/** One actor on a manager, whose deliveries are recorded; it can be opened again. */
function rig(now: number, handle: (info: WakeupInfo, nth: number, alarm: Alarm) => Observable<unknown>) {
  const clock = virtualClock(now)
  const manager = memoryManager({ scheduler: clock })
  const stored = { time: null as AlarmTime, epoch: 0 }
  const runs: { at: number; id: string; retryCount: number; scheduledTime: number }[] = []
  let alarm!: Alarm
  const open = (): Alarm => {
    alarm = openAlarm({
      key: 'a',
      initial: stored.time,
      epoch: ++stored.epoch,
      scheduler: clock,
      commit(time) {
        stored.time = time
        return []
      },
      write: (time, info) => manager.write('a', time, info),
    })
    return alarm
  }
  open()
  manager
    .deliveries(
      (delivery) =>
        alarm.deliver(delivery, (info) => {
          const { id, retryCount, scheduledTime } = info
          runs.push({ at: clock.now(), id, retryCount, scheduledTime })
          return handle(info, runs.length, alarm)
        }),
      {
        abandon: (_, time, delivery) => {
          const kept = alarm.abandon(time, delivery)
          return alarm.confirmed().pipe(map(() => kept))
        },
      },
    )
    .subscribe()
  return { clock, manager, stored, runs, open, alarm: () => alarm }
}

describe('the same time, set again once its delivery has begun,', () => {
  it('fires at its own time and not after the back-off, as another alarm with retries of its own', () => {
    const { clock, runs, alarm } = rig(1_000, (_, nth) => (nth < 4 ? failed() : of(0)))
    alarm().set(0)
    clock.advance(3_000)
    expect(runs.map(({ retryCount }) => retryCount)).toEqual([0, 1])
    const before = clock.now()
    alarm().set(0)
    clock.advance(0)
    expect(runs[2]).toMatchObject({ at: before, retryCount: 0, scheduledTime: 0 })
    clock.advance(3_000)
    const [first, again, other, otherAgain] = runs.map(({ id }) => id)
    expect([again, otherAgain]).toEqual([first, other])
    expect(other).not.toBe(first)
    expect(alarm().time).toBeNull()
  })

  it('by the run that fails for good, is not lost with it', () => {
    const { clock, runs, stored } = (() => {
      const made = rig(1_000, (_, nth, alarm) => {
        if (nth > 1) return of(0)
        alarm.set(5)
        return failed(false)
      })
      made.alarm().set(5)
      return made
    })()
    clock.advance(10_000)
    expect(runs.map(({ scheduledTime, retryCount }) => [scheduledTime, retryCount])).toEqual([
      [5, 0],
      [5, 0],
    ])
    expect(new Set(runs.map(({ id }) => id)).size).toBe(2)
    expect(stored.time).toBeNull()
  })

  it('has another id where nothing failed: two sets to the past in a row are two alarms', () => {
    const { clock, runs, alarm } = rig(1_000, () => of(0))
    for (const _ of [1, 2]) {
      alarm().set(0)
      clock.advance(0)
    }
    expect(runs.map(({ scheduledTime }) => scheduledTime)).toEqual([0, 0])
    expect(new Set(runs.map(({ id }) => id)).size).toBe(2)
  })

  it('is another one after a restart, too; a restart alone is none, and keeps the id, the failures and the back-off', () => {
    const { clock, runs, alarm, open } = rig(1_000, (_, nth) => (nth < 3 ? failed() : of(0)))
    alarm().set(0)
    clock.advance(0)
    open()
    clock.advance(1_999)
    expect(runs).toHaveLength(1)
    clock.advance(1_000)
    expect(runs[1]).toMatchObject({ id: runs[0]!.id, retryCount: 1 })
    open()
    alarm().set(0)
    clock.advance(0)
    expect(runs[2]).toMatchObject({ retryCount: 0 })
    expect(runs[2]!.id).not.toBe(runs[0]!.id)
  })

  it('is no move before that: one alarm, one write, one id', () => {
    const { clock, runs, alarm, manager } = rig(1_000, () => of(0))
    const times: AlarmTime[] = []
    for (const _ of [1, 2, 3]) {
      alarm().set(9_000)
      times.push(manager.get('a'))
    }
    clock.advance(20_000)
    expect([times, runs.length]).toEqual([[9_000, 9_000, 9_000], 1])
  })

  it('is with the manager before it is with the store', () => {
    const calls: string[] = []
    const clock = virtualClock(1_000)
    const alarm = openAlarm({
      initial: 5,
      reconcile: false,
      scheduler: clock,
      commit(time) {
        calls.push(`commit ${time}`)
        return []
      },
      write(time, { move }) {
        calls.push(`write ${time} ${move}`)
        return []
      },
    })
    alarm.set(5)
    expect(calls).toEqual(['write 5 earlier', 'commit 5'])
    alarm.set(5)
    expect(calls).toHaveLength(2)
  })

  it('by the handler is not used up by a repetition of that delivery, though its write was already on its way', () => {
    const clock = virtualClock(1)
    const writes: { fence: number; answer: Subject<never> }[] = []
    const alarm = openAlarm({
      initial: 5,
      reconcile: false,
      scheduler: clock,
      commit: () => [],
      write(_, { fence }) {
        const answer = new Subject<never>()
        writes.push({ fence, answer })
        return answer
      },
    })
    const ids: string[] = []
    const handled = new Subject<never>()
    const deliver = () =>
      alarm.deliver({ scheduledTime: 5, fence: 0 }, ({ id }) => {
        ids.push(id)
        return handled
      })
    alarm.set(1)
    alarm.set(5) // put back, while the precommit is in flight
    deliver().subscribe()
    deliver().subscribe() // the manager has given the first one up
    writes[0]!.answer.complete()
    alarm.set(5)
    writes[1]!.answer.complete()
    handled.complete()
    expect([ids, alarm.time]).toEqual([['0-5', '0-5'], 5])
    alarm
      .deliver({ scheduledTime: 5, fence: writes[1]!.fence }, ({ id }) => {
        ids.push(id)
        return []
      })
      .subscribe()
    expect([ids.length, new Set(ids).size, alarm.time]).toEqual([3, 2, null])
  })

  it('is no move where the alarm was kept in place of one that was given up: its delivery uses it up', () => {
    const answers: Subject<never>[] = []
    const alarm = openAlarm({
      initial: 2,
      retry: { count: 0 },
      scheduler: virtualClock(3),
      commit: () => [],
      write() {
        const answer = new Subject<never>()
        answers.push(answer)
        return answer
      },
    })
    alarm.set(3)
    alarm.deliver({ scheduledTime: 2, fence: 1 }, () => failed()).subscribe({ error() {} })
    answers[0]!.complete()
    answers[1]!.error(new Error('away'))
    expect(alarm.abandon(2, { fence: 1 })).toBe(3)
    alarm.set(3)
    alarm.deliver({ scheduledTime: 3, fence: 1 }, () => []).subscribe()
    answers[2]!.complete()
    expect(alarm.time).toBeNull()
  })

  it('is another one where the alarm was kept in place of one that was given up, once its delivery has begun', () => {
    const moves: string[] = []
    let isAway = true
    const alarm = openAlarm({
      initial: 2,
      retry: { count: 0 },
      scheduler: virtualClock(3),
      commit: () => [],
      write(time, { move, fence }) {
        moves.push(`${time} ${move} ${fence}`)
        return isAway && time === 3 ? throwError(() => new Error('away')) : []
      },
    })
    alarm.set(3)
    alarm.deliver({ scheduledTime: 2, fence: 1 }, () => failed()).subscribe({ error() {} })
    expect(alarm.abandon(2, { fence: 1 })).toBe(3)
    isAway = false
    alarm.deliver({ scheduledTime: 3, fence: 1 }, () => of(alarm.set(3))).subscribe()
    expect([moves, alarm.time]).toEqual([['2 same 1', '3 later 2', '3 earlier 3'], 3])
  })

  it('is not given up with the alarm before, which its manager asks about by the fence', () => {
    const clock = virtualClock(1_000)
    const fences: number[] = []
    const alarm = openAlarm({
      scheduler: clock,
      reconcile: false,
      commit: () => [],
      write(_, { fence }) {
        fences.push(fence)
        return []
      },
    })
    alarm.set(5)
    alarm.deliver({ scheduledTime: 5, fence: fences[0]! }, () => failed()).subscribe({ error() {} })
    alarm.set(5)
    expect([alarm.abandon(5, { fence: fences[0]! }), alarm.time]).toEqual([5, 5])
    alarm.deliver({ scheduledTime: 5, fence: fences[0]! }, () => EMPTY).subscribe()
    expect(alarm.time).toBe(5)
    expect([alarm.abandon(5, { fence: fences[1]! }), alarm.time]).toEqual([null, null])
  })
})

describe('by the write of a delivery', () => {
  /** Whose writes are answered at once, but for the first, where that is held. */
  function written(initial: AlarmTime, first$: Observable<unknown> = EMPTY) {
    const writes: { time: AlarmTime; move: string; fence: number }[] = []
    const alarm = openAlarm({
      initial,
      reconcile: false,
      scheduler: virtualClock(1_000),
      commit: () => EMPTY,
      write(time, { move, fence }) {
        writes.push({ time, move, fence })
        return writes.length === 1 ? first$ : EMPTY
      },
    })
    /** Delivers 5 under the fence of a write, to a handler that succeeds. */
    const deliver = (nth: number) =>
      alarm.deliver({ scheduledTime: 5, fence: writes[nth - 1]!.fence }, () => EMPTY)
    return { alarm, writes, deliver }
  }

  it('the alarm that is put back while it is on its way is that of the write: it is used up', () => {
    const first$ = new Subject<never>()
    const { alarm, deliver } = written(9, first$)
    for (const time of [5, 7, 5]) alarm.set(time)
    first$.complete()
    deliver(1).subscribe()
    expect(alarm.time).toBeNull()
  })

  it('the alarm that is set once the one before was used up is another: a repetition leaves it', () => {
    const { alarm, deliver } = written(null)
    alarm.set(5)
    deliver(1).subscribe()
    alarm.set(5)
    deliver(1).subscribe()
    expect(alarm.time).toBe(5)
    deliver(2).subscribe()
    expect(alarm.time).toBeNull()
  })

  it('so is one that is set where that one is answered, which was set by the handler before', () => {
    const handled$ = new Subject<never>()
    const { alarm, deliver } = written(3)
    alarm.deliver({ scheduledTime: 3, fence: 0 }, () => handled$).subscribe()
    alarm.set(5)
    deliver(1).subscribe(() => alarm.set(5))
    handled$.complete()
    deliver(1).subscribe()
    expect(alarm.time).toBe(5)
  })

  it('the alarm that is run in place of an earlier one has begun, whatever fence it has: set again, it is another', () => {
    const { alarm, writes } = written(3)
    alarm.set(5)
    alarm.deliver({ scheduledTime: 3, fence: 0 }, () => alarm.set(5) ?? EMPTY).subscribe()
    expect(writes.map(({ time, move }) => [time, move])).toEqual([
      [5, 'later'],
      [5, 'earlier'],
    ])
  })

  it('the alarm that is set again before its write is acknowledged has another write, which no back-off holds up', () => {
    const first$ = new Subject<never>()
    const { alarm, writes } = written(9, first$)
    alarm.set(5)
    alarm.deliver({ scheduledTime: 5, fence: writes[0]!.fence }, () => NEVER).subscribe()
    alarm.set(5)
    first$.complete()
    expect(writes.map(({ time, move }) => [time, move])).toEqual([
      [5, 'earlier'],
      [5, 'earlier'],
    ])
  })
})

describe('a timer set again to the same time', () => {
  function timersOf(now: number) {
    const clock = virtualClock(now)
    let timers = noTimers
    const writes: string[] = []
    const alarm = openAlarm({
      scheduler: clock,
      reconcile: false,
      commit: () => [],
      write(time, { move }) {
        writes.push(`${time} ${move}`)
        return []
      },
    })
    const open = () =>
      multiplexTimers({
        alarm,
        scheduler: clock,
        load: () => timers,
        save(next) {
          timers = next
        },
      })
    return { alarm, open, writes }
  }

  it('is another one, with another id, once its handler was cut off or may have run', () => {
    const { alarm, open } = timersOf(1_000)
    const ids: string[] = []
    const named = open()
    const run = (timers = named) => {
      const delivery = timers.deliver({ scheduledTime: 5 }, ({ id }) => {
        ids.push(id)
        return throwError(() => Object.assign(new Error('away'), { counted: false }))
      })
      delivery.subscribe({ error() {} })
    }
    named.set('tea', 5)
    named.set('tea', 5)
    run()
    named.set('tea', 5)
    run()
    expect(ids).toEqual(['1', '2'])
    named.set('tea', 5)
    const after = open() // by another process, which does not know whether it has run
    after.set('tea', 5)
    run(after)
    expect(ids).toEqual(['1', '2', '4'])
    expect(alarm.time).not.toBeNull()
  })

  it('sets the alarm anew where that may back off', () => {
    const { alarm, open, writes } = timersOf(1_000)
    const named = open()
    named.set('tea', 5)
    // The delivery fails, and not its handler: the manager backs off, and the timer has no failure.
    alarm.deliver({ scheduledTime: 5 }, () => failed()).subscribe({ error() {} })
    named.set('eggs', 5)
    expect(writes).toEqual(['5 earlier', '5 earlier'])
  })
})

describe('the story of an alarm', () => {
  it('says that the same time was asked again once its delivery had begun, and of no other intent', () => {
    const write$ = new Subject<never>()
    const events: AlarmEvent[] = []
    const alarm = openAlarm({
      reconcile: false,
      scheduler: virtualClock(9),
      commit: () => [],
      write: () => write$,
    })
    alarm.events$.subscribe((event) => events.push(event))
    const set = (): void => alarm.set(5)
    set()
    set()
    alarm.deliver({ scheduledTime: 5, fence: 1 }, () => NEVER).subscribe()
    set()
    const intents = events.filter(({ kind }) => kind === 'intent')
    expect(intents.map((event) => 'again' in event && event.again)).toEqual([false, false, true])
    expect(intents.map((event) => 'move' in event && event.move)).toEqual(['earlier', 'earlier', 'earlier'])
    expect(events.map(({ kind }) => kind)).not.toContain('superseded')
  })
})
