import { type AlarmEvent, type DeliveryEvent, openAlarm } from 'nolater'
import { lateness } from 'nolater/summaries'
import { EMPTY, NEVER, Subject, take, throwError } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { beforeEach, describe, expect, it } from 'vitest'

let scheduler: TestScheduler
beforeEach(() => {
  scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
})

const arrived = (scheduledTime: number, at: number): AlarmEvent => {
  return { kind: 'delivery-arrived', key: 'tea', at, scheduledTime, retryCount: 0 }
}
const ran = (scheduledTime: number, at: number): AlarmEvent => {
  return {
    kind: 'delivery-run',
    key: 'tea',
    at,
    scheduledTime,
    time: scheduledTime,
    retryCount: 0,
    deletes: true,
  }
}
const none = { count: 0, min: null, max: null, p50: null, p99: null }
const one = (ms: number) => ({ count: 1, min: ms, max: ms, p50: ms, p99: ms })

describe('lateness', () => {
  const events = { a: arrived(100, 102), b: ran(100, 107), c: arrived(104, 108) }

  it('tells each window of the manager’s part and of the whole, and at the end what is left', () => {
    scheduler.run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   --a-b---------c-(b|)', events)
      const expected = '      -----x----y----z(w|)'
      const subscribed = '    ^---------------!'
      expectObservable(source.pipe(lateness({ window: 5, scheduler }))).toBe(expected, {
        x: { from: 0, to: 5, lag: one(2), lateness: one(7) },
        y: { from: 5, to: 10, lag: none, lateness: none },
        z: { from: 10, to: 15, lag: one(4), lateness: none },
        w: { from: 15, to: 16, lag: none, lateness: one(7) },
      })
      expectSubscriptions(source.subscriptions).toBe(subscribed)
    })
  })

  it('tells of an empty source, and goes on with one that never ends', () => {
    scheduler.run(({ cold, expectObservable }) => {
      const zero = { lag: none, lateness: none }
      expectObservable(EMPTY.pipe(lateness({ window: 5, scheduler }))).toBe('(x|)', {
        x: { from: 0, to: 0, ...zero },
      })
      expectObservable(NEVER.pipe(lateness({ window: 5, scheduler })), '^---------!').toBe('-----x----', {
        x: { from: 0, to: 5, ...zero },
      })
      const failing = cold('--a--#', events)
      expectObservable(failing.pipe(lateness({ window: 9, scheduler }))).toBe('-----#')
    })
  })

  it('stops its timer and its source once, at the end, at an error and when it is cut off', () => {
    scheduler.run(({ cold, expectObservable, expectSubscriptions }) => {
      const ends = cold('  --a-|', events)
      const fails = cold(' --a-#', events)
      const goesOn = cold('--a---a--', events)
      const open = { window: 5, scheduler }
      const x = { from: 0, to: 5, lag: one(2), lateness: none }
      const y = { ...x, to: 4 }
      expectObservable(ends.pipe(lateness(open))).toBe('----(y|)', { y })
      expectObservable(fails.pipe(lateness(open))).toBe('----#')
      expectObservable(goesOn.pipe(lateness(open), take(1))).toBe('-----(x|)', { x })
      expectSubscriptions(ends.subscriptions).toBe('^---!')
      expectSubscriptions(fails.subscriptions).toBe('^---!')
      expectSubscriptions(goesOn.subscriptions).toBe('^----!')
      scheduler.flush()
      expect(scheduler.actions).toHaveLength(0)
    })
  })

  it('has stopped its timer before it tells the last one', () => {
    const source = new Subject<AlarmEvent>()
    const timers: number[] = []
    source.pipe(lateness({ scheduler })).subscribe(() => timers.push(scheduler.actions.length))
    expect(scheduler.actions).toHaveLength(1)
    source.complete()
    expect(timers).toEqual([0])
  })

  it('has stopped its timer before it fails', () => {
    const source = new Subject<AlarmEvent>()
    const timers: number[] = []
    source.pipe(lateness({ scheduler })).subscribe({ error: () => timers.push(scheduler.actions.length) })
    source.error(new Error('boom'))
    expect(timers).toEqual([0])
  })

  it('has windows of its own for each subscription', () => {
    scheduler.run(({ hot, expectObservable }) => {
      const source = hot('      --a--a--', events)
      const summary$ = source.pipe(lateness({ window: 4, scheduler }), take(1))
      expectObservable(summary$, '^-------').toBe('----(x|)', {
        x: { from: 0, to: 4, lag: one(2), lateness: none },
      })
      expectObservable(summary$, '---^----').toBe('-------(y|)', {
        y: { from: 3, to: 7, lag: one(2), lateness: none },
      })
    })
  })

  it('puts what comes while a summary is being heard into the next one', () => {
    scheduler.run(() => {
      const source = new Subject<AlarmEvent>()
      const seen: number[] = []
      source.pipe(lateness({ window: 5, scheduler }), take(2)).subscribe(({ lag }) => {
        seen.push(lag.count)
        source.next(events.a)
      })
      source.next(events.a)
      source.next(events.c)
      scheduler.flush()
      expect(seen).toEqual([2, 1])
    })
  })

  it('takes the deliveries of a manager, with their own idea of when they were due', () => {
    scheduler.run(({ cold, expectObservable }) => {
      const delivered: DeliveryEvent = {
        ...{ kind: 'delivered', key: 'tea', at: 9_000, scheduledTime: 100, fence: 1, retryCount: 1 },
        lateness: 3,
      }
      expectObservable(cold('a|', { a: delivered }).pipe(lateness({ scheduler }))).toBe('-(x|)', {
        x: { from: 0, to: 1, lag: one(3), lateness: none },
      })
    })
  })

  it('says of an alarm how late its handler was', () => {
    scheduler.run(() => {
      const alarm = openAlarm({
        initial: 2,
        reconcile: false,
        commit: () => EMPTY,
        write: () => EMPTY,
        scheduler,
      })
      const seen: unknown[] = []
      alarm.events$
        .pipe(lateness({ window: 10, scheduler }), take(1))
        .subscribe((summary) => seen.push(summary))
      scheduler.schedule(() => alarm.deliver({ scheduledTime: 2 }, () => EMPTY).subscribe(), 6)
      scheduler.flush()
      expect(seen).toEqual([{ from: 0, to: 10, lag: one(4), lateness: one(4) }])
    })
  })

  it('passes the error of its source on as it is', () => {
    const error = new Error('boom')
    let seen: unknown
    throwError(() => error)
      .pipe(lateness({ scheduler }))
      .subscribe({ error: (caught) => (seen = caught) })
    expect(seen).toBe(error)
  })

  it.each([0, -1, Number.NaN, Infinity, 2 ** 31, '5'])('refuses a window of %s at once', (window) => {
    expect(() => lateness({ window: window as number })).toThrow(
      expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }),
    )
  })
})
