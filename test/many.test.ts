import {
  type Alarm,
  keepAlarm,
  memoryManager,
  multiplexTimers,
  openAlarm,
  openFleet,
  setAlarm,
  type Timers,
} from 'nolater'
import { virtualClock } from 'nolater/marbles'
import { EMPTY, NEVER, type Observable, of, Subject, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'

const MANY = 100_000
/** Of what takes longer, and far beyond the 4,000 at which RxJS's recursion ends. */
const HEAVY = 20_000
const instant = { commit: () => EMPTY, write: () => EMPTY, reconcile: false }

describe('100,000 at once need no deeper stack than one:', { timeout: 60_000 }, () => {
  /** Each save is a list of all that are left, so these are fewer: RxJS's repeat overflows at 4,000. */
  it.each(['each at once', 'the first of them later'])('timers that are due, handled %s', (how) => {
    const many = 8_000
    const list = Array.from({ length: many }, (_, i) => ({
      name: `t${i}`,
      time: 1,
      due: 1,
      serial: i + 1,
      counted: 0,
      uncounted: 0,
    }))
    let state: Timers = { sets: many, list }
    const clock = virtualClock(1)
    const alarm = openAlarm({ ...instant, initial: 1 })
    const timers = multiplexTimers({
      alarm,
      scheduler: clock,
      load: () => state,
      save: (next) => (state = next),
    })
    const handled: string[] = []
    const outcomes: string[] = []
    timers
      .deliver({ scheduledTime: 1 }, ({ name }): Observable<unknown> => {
        handled.push(name)
        return handled.length === 1 && how !== 'each at once' ? timer(1, clock) : EMPTY
      })
      .subscribe(({ kind }) => outcomes.push(kind))
    clock.advance(1)
    expect(handled).toEqual(list.map(({ name }) => name))
    expect([outcomes, state.list.length, alarm.time]).toEqual([['ran'], 0, null])
  })

  it('waiters for one commit', () => {
    const commit$ = new Subject<never>()
    const alarm = openAlarm({ ...instant, commit: () => commit$ })
    alarm.set(5)
    let told = 0
    for (let i = 0; i < MANY; i++) alarm.confirmed().subscribe(() => told++)
    commit$.complete()
    expect(told).toBe(MANY)
  })

  it('waiters for what breaks', () => {
    const commit$ = new Subject<never>()
    const alarm = openAlarm({ ...instant, commit: () => commit$ })
    alarm.set(5)
    let told = 0
    for (let i = 0; i < MANY; i++) alarm.confirmed().subscribe({ error: () => told++ })
    commit$.error(new Error('no'))
    expect(told).toBe(MANY)
  })

  it('waiters each of which asks again', () => {
    const commits: Subject<never>[] = []
    const commit = (): Observable<never> => {
      const commit$ = new Subject<never>()
      commits.push(commit$)
      return commit$
    }
    const alarm = openAlarm({ ...instant, commit })
    let told = 0
    alarm.set(1)
    for (let i = 0; i < MANY; i++) {
      alarm.confirmed().subscribe(() => {
        told++
        alarm.set(2 + i)
      })
    }
    for (let next = commits.shift(); next !== undefined; next = commits.shift()) next.complete()
    expect([told, alarm.time]).toEqual([MANY, 1 + MANY])
  })

  it('listeners, and a listener that asks at each event', () => {
    const alarm = openAlarm(instant)
    let heard = 0
    for (let i = 0; i < 1_000; i++) alarm.events$.subscribe(() => heard++)
    alarm.set(1)
    expect(heard % 1_000).toBe(0)
    expect(heard).toBeGreaterThan(0)

    const chained = openAlarm(instant)
    let drained = 0
    chained.events$.subscribe(({ kind }) => {
      if (kind === 'drained' && ++drained < MANY) chained.set(drained)
    })
    chained.set(0)
    expect(drained).toBe(MANY)
  })

  /** Each that has ended lets all look that wait, so these are fewer, too. */
  it('deliveries that wait for their turn at one actor', () => {
    const many = 5_000
    const first$ = new Subject<never>()
    const alarm = openAlarm({ ...instant, initial: 1 })
    let ran = 0
    alarm.deliver({ scheduledTime: 1 }, () => first$).subscribe()
    for (let i = 0; i < many; i++) {
      alarm
        .deliver({ scheduledTime: 1 }, () => {
          alarm.set(1)
          return EMPTY
        })
        .subscribe({ complete: () => ran++ })
    }
    alarm.set(1)
    first$.complete()
    expect(ran).toBe(many)
  })

  it('actors that are loaded, written and dropped at once', () => {
    const clock = virtualClock(1)
    const loads: Subject<{ time: null; epoch: number }>[] = []
    const load = (): Observable<{ time: null; epoch: number }> => {
      const load$ = new Subject<{ time: null; epoch: number }>()
      loads.push(load$)
      return load$
    }
    const write$ = new Subject<never>()
    const write = (): Observable<never> => write$
    const fleet = openFleet({ ...instant, load, write, scheduler: clock, concurrency: HEAVY, idleAfter: 10 })
    const confirmed = new Set<string>()
    for (let i = 0; i < HEAVY; i++) {
      const actor = fleet.actor(`${i}`)
      actor.set(5)
      actor.confirmed().subscribe(() => confirmed.add(`${i}`))
    }
    for (const load$ of loads) load$.next({ time: null, epoch: 1 })
    write$.complete()
    expect(confirmed.size).toBe(HEAVY)
    let drained = false
    fleet.drained().subscribe({ complete: () => (drained = true) })
    expect(drained).toBe(true)
    clock.advance(100)
    expect(fleet.pressure.actors).toBe(0)
  })

  it('actors that wait for one turn to write', () => {
    const first$ = new Subject<never>()
    let written = 0
    const write = (): Observable<never> => (written++ === 0 ? first$ : EMPTY)
    const fleet = openFleet({ ...instant, load: () => [{ time: null, epoch: 1 }], write, concurrency: 1 })
    for (let i = 0; i < HEAVY; i++) fleet.actor(`${i}`).set(5)
    first$.complete()
    expect([written, fleet.pressure.waiting]).toEqual([HEAVY, 0])
  })

  it('actors that are drained, and actors that are closed, at once', () => {
    const write$ = new Subject<never>()
    const fleet = openFleet({
      ...instant,
      load: () => [{ time: null, epoch: 1 }],
      write: () => write$,
      concurrency: HEAVY,
    })
    const all: Alarm[] = []
    for (let i = 0; i < HEAVY; i++) {
      const actor = fleet.actor(`${i}`)
      actor.set(5)
      all.push(actor)
    }
    let drained = 0
    let broken = 0
    fleet.drained().subscribe({ complete: () => drained++ })
    for (const actor of all) actor.drained().subscribe({ error: () => broken++ })
    for (const actor of all) actor.close()
    expect([drained, broken]).toEqual([1, HEAVY])
  })

  it('deliveries that are answered at once', () => {
    const clock = virtualClock(1)
    const manager = memoryManager({ scheduler: clock })
    for (let i = 0; i < HEAVY; i++)
      manager.write(`${i}`, 1, { key: `${i}`, move: 'earlier', fence: 1, attempt: 1 }).subscribe()
    let delivered = 0
    manager.deliveries(() => of(delivered++)).subscribe()
    clock.advance(1)
    expect(delivered).toBe(HEAVY)
  })

  it('deliveries of one actor that sets its alarm again in each', () => {
    const clock = virtualClock(1)
    const manager = memoryManager({ scheduler: clock })
    const alarm = openAlarm({
      ...instant,
      key: 'a',
      write: (time, info) => manager.write('a', time, info),
      scheduler: clock,
    })
    let delivered = 0
    alarm.set(1)
    manager
      .deliveries((delivery) =>
        alarm.deliver(delivery, () => {
          if (++delivered < HEAVY) alarm.set(1)
          return EMPTY
        }),
      )
      .subscribe()
    clock.advance(1)
    expect([delivered, alarm.time]).toEqual([HEAVY, null])
  })

  it('values held at the output gate, each of which asks for something', () => {
    const commits: Subject<never>[] = []
    const commit = (): Observable<never> => {
      const commit$ = new Subject<never>()
      commits.push(commit$)
      return commit$
    }
    const alarm = openAlarm({ ...instant, commit })
    const replies$ = new Subject<number>()
    const sent: number[] = []
    replies$.pipe(alarm.holdUntilConfirmed()).subscribe((reply) => {
      sent.push(reply)
      alarm.set(1 + reply)
    })
    alarm.set(1)
    for (let i = 0; i < MANY; i++) replies$.next(i)
    expect(sent).toEqual([])
    for (let next = commits.shift(); next !== undefined; next = commits.shift()) next.complete()
    expect(sent.length).toBe(MANY)
    expect([sent[0], sent.at(-1)]).toEqual([0, MANY - 1])
  })

  it('values at the output gate, each from inside the next of the one before, each behind a set', () => {
    const alarm = openAlarm(instant)
    const replies$ = new Subject<number>()
    let last = 0
    replies$.pipe(alarm.holdUntilConfirmed()).subscribe((reply) => {
      last = reply
      alarm.set(reply)
      if (reply < MANY) replies$.next(reply + 1)
    })
    replies$.next(1)
    expect(last).toBe(MANY)
  })

  it('intents that conflate while one commit is in flight', () => {
    const commit$ = new Subject<never>()
    let commits = 0
    const commit = (): Observable<never> => (commits++ === 0 ? commit$ : EMPTY)
    const intents$ = new Subject<ReturnType<typeof setAlarm>>()
    let drained = 0
    intents$.pipe(keepAlarm({ ...instant, commit })).subscribe(({ kind }) => {
      if (kind === 'drained') drained++
    })
    for (let i = 0; i < MANY; i++) intents$.next(setAlarm(i))
    commit$.complete()
    expect([commits, drained]).toEqual([2, 1])
  })

  it('waiters for what is closed', () => {
    const alarm = openAlarm({ ...instant, initial: 1, write: () => NEVER })
    for (let i = 2; i < MANY; i++) alarm.set(i)
    let told = 0
    for (let i = 0; i < MANY; i++) alarm.drained().subscribe({ error: () => told++ })
    alarm.close()
    expect(told).toBe(MANY)
  })
})
