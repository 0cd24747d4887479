import 'nolater/vitest'
import { openAlarm } from 'nolater'
import type { MarbleRun, OpenActor } from 'nolater/vitest'
import {
  asyncScheduler,
  defer,
  from,
  interval,
  merge,
  NEVER,
  Observable,
  of,
  repeat,
  take,
  takeUntil,
  tap,
  timer,
} from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { completeScenario } from '../../src/vitest/complete-scenario.ts'
import { complaintOf } from './complaint.ts'

/** What TestScheduler says to the same; it says nothing, which is why the kit must. */
function silentIn(run: (helpers: Parameters<Parameters<TestScheduler['run']>[0]>[0]) => void): string {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
  return complaintOf(() => scheduler.run(run))
}

afterEach(() => vi.useRealTimers())

describe('where TestScheduler passes silently, the kit fails', () => {
  it('a mistyped key', () => {
    const values = { a: { id: 1 } }
    expect(
      silentIn(({ cold, expectObservable }) => expectObservable(cold('-A|', values)).toBe('-A|', values)),
    ).toBe('nothing')
    expect(
      complaintOf(() => expect(({ cold }: MarbleRun) => cold('-A|', values)).toMatchMarbles('-a|', values)),
    ).toContain('A has none, there are a')
    expect(complaintOf(() => expect(of({ id: 1 })).toMatchMarbles('(A|)', values))).toContain('A has none')
  })

  it('a value that no diagram uses', () => {
    expect(silentIn(({ expectObservable }) => expectObservable(of('a')).toBe('(a|)', { a: 'a', b: 5 }))).toBe(
      'nothing',
    )
    expect(complaintOf(() => expect(of(1)).toMatchMarbles('(a|)', { a: 1, b: 2 }))).toContain(
      'no diagram has b',
    )
    expect(complaintOf(() => expect(of(1)).toMatchMarbles('(a|)', { a: 1, '#': 2 }))).toContain(
      'no diagram has #',
    )
    const shared = { a: 1, b: 2 }
    expect(({ cold }: MarbleRun) => cold('-ab|', shared).pipe(take(1))).toMatchMarbles('-(a|)', shared)
  })

  it('from(promise), which never emits inside a run', () => {
    expect(silentIn(({ expectObservable }) => expectObservable(from(Promise.resolve(1))).toBe('---'))).toBe(
      'nothing',
    )
    const complaint = complaintOf(() => expect(from(Promise.resolve(1))).toMatchMarbles('---'))
    expect(complaint).toContain('a promise was used')
    expect(complaint).toContain('advanceAsync()')
  })

  it('an async function', () => {
    const complaint = complaintOf(() => expect(async () => of(1)).toMatchMarbles('(a|)', { a: 1 }))
    expect(complaint).toContain('given a promise')
    expect(complaint).toContain('leave out async and await')
  })

  it('Date.now() and new Date(), which are not virtual', () => {
    const since = Date.now()
    expect(
      silentIn(({ expectObservable }) =>
        expectObservable(timer(5).pipe(tap(() => Date.now() - since))).toBe('-----(a|)', { a: 0 }),
      ),
    ).toBe('nothing')
    const complaint = complaintOf(() =>
      expect(timer(5).pipe(tap(() => Date.now() - since))).toMatchMarbles('-----(a|)', { a: 0 }),
    )
    expect(complaint).toContain('Date.now() was used at')
    expect(complaint).toContain('loud.test.ts')
    expect(complaint).toContain('Instead read scheduler.now()')
    expect(
      complaintOf(() => expect(defer(() => of(new Date()))).toMatchMarbles('(a|)', { a: expect.any(Date) })),
    ).toContain('new Date() was used')
    expect(defer(() => of(new Date(5).getTime()))).toMatchMarbles('(a|)', { a: 5 })
  })

  it('Date.now() in an actor', () => {
    const complaint = complaintOf(() =>
      expect((config: Parameters<typeof openAlarm>[0]) => ({
        alarm: openAlarm(config),
        touch() {
          this.alarm.set(Date.now() + 5_000)
        },
      })).toMatchMarbles('\nwhere    t = touch\nask      t--\ncommit   -5.'),
    )
    expect(complaint).toContain('Date.now() was used at')
    expect(complaint).toContain('Instead read config.scheduler.now()')
  })

  it('performance.now() of an actor and of an Observable', () => {
    const own = performance.now
    const soon = (config: Parameters<typeof openAlarm>[0]) => {
      const alarm = openAlarm(config)
      return { alarm, touch: () => alarm.set(Math.round(performance.now())) }
    }
    expect(
      complaintOf(() => expect(soon).toMatchMarbles('\nwhere    t = touch\nask      t--\ncommit   -5.')),
    ).toMatch(/performance\.now\(\) was used .*loud\.test\.ts.*Instead read config\.scheduler\.now\(\)/)
    expect(complaintOf(() => expect(defer(() => of(performance.now()))).toMatchMarbles('(a|)'))).toContain(
      'Instead read scheduler.now()',
    )
    expect(performance.now).toBe(own)
  })

  it('real timers', () => {
    for (const [name, set] of Object.entries({ setTimeout, setInterval, setImmediate, queueMicrotask })) {
      const subject = new Observable<never>(() => {
        const timer = (globalThis as unknown as Record<string, (run: () => void) => never>)[name]!(() => {})
        if (set === setInterval) clearInterval(timer)
      })
      expect(complaintOf(() => expect(subject).toMatchMarbles('---'))).toContain(`${name}() was used`)
    }
  })

  it('leaves the real ones as they were', () => {
    const real = [
      Date,
      setTimeout,
      setInterval,
      setImmediate,
      queueMicrotask,
      Promise.prototype.then,
      Date.now,
    ]
    complaintOf(() => expect(from(Promise.resolve(1))).toMatchMarbles('---'))
    complaintOf(() => expect(interval(0)).toMatchMarbles('---'))
    expect([
      Date,
      setTimeout,
      setInterval,
      setImmediate,
      queueMicrotask,
      Promise.prototype.then,
      Date.now,
    ]).toEqual(real)
  })

  it("time('1s |'), which is 3", () => {
    expect(silentIn(({ time }) => expect(time('1s |')).toBe(3))).toBe('nothing')
    const time = (marbles: string) => () =>
      expect((run: MarbleRun) => timer(run.time(marbles))).toMatchMarbles('1s (a|)', { a: 0 })
    expect(complaintOf(time('1s |'))).toBe('nothing')
    expect(complaintOf(time('3s |'))).toContain('seen')
    expect(complaintOf(time('1s|'))).toContain('a space on both sides')
    expect(complaintOf(time('1sec |'))).toContain('| where the time ends')
    expect(complaintOf(time('1s '))).toContain('a | where the time ends')
    expect(complaintOf(time('--|--|'))).toContain('nothing after |')
  })

  it('a duration without its spaces, which is three values', () => {
    const misread = silentIn(({ cold, expectObservable }) => expectObservable(cold('-a-1s')).toBe('-a-1s'))
    expect(misread).toBe('nothing')
    expect(
      complaintOf(() => expect(({ cold }: MarbleRun) => cold('-a-1s')).toMatchMarbles('-a-1s')),
    ).toContain('a space on both sides of the duration 1s')
  })

  it('(ab), which takes 4 columns: it says so', () => {
    const complaint = complaintOf(() =>
      expect(({ cold }: MarbleRun) => merge(of('a', 'b'), cold('-c|'))).toMatchMarbles('(ab)c|'),
    )
    expect(complaint).toContain('seen')
    expect(complaint).toContain('what follows (ab) is 4 ms after it')
  })

  it('an unsubscription that toEqual forgets', () => {
    const source = interval(2).pipe(take(3))
    expect(silentIn(({ expectObservable }) => expectObservable(source, '---!').toEqual(source))).not.toBe(
      'nothing',
    )
    expect(source).toMatchMarbles('--a!', { a: 0 })
    expect(complaintOf(() => expect(source).toMatchMarbles(source as never))).toContain('a diagram as text')
  })

  it('an expectation after an await: it is compared there and then', async () => {
    let matched = 'not yet'
    await Promise.resolve()
    matched = complaintOf(() => expect(of('a')).toMatchMarbles('(b|)'))
    expect(matched).toContain('seen')
  })

  it('a run that never ends', () => {
    expect(complaintOf(() => expect(interval(1)).toMatchMarbles('---'))).toContain('Expected the run to end')
    expect(complaintOf(() => expect(of('a').pipe(repeat({ delay: 0 }))).toMatchMarbles('---'))).toContain(
      'Expected the run to end',
    )
    // and by the scheduler's own actions, which do not pass through the scheduler
    const own = ({ scheduler }: MarbleRun) => interval(0, scheduler)
    expect(complaintOf(() => expect(own).toMatchMarbles('---'))).toContain('Expected the run to end')
    const rare = interval(3_600_000).pipe(takeUntil(NEVER))
    expect(complaintOf(() => expect(rare).toMatchMarbles('---'))).toContain('and 19 more')
  })

  it('an actor whose run never ends', () => {
    const open = (config: Parameters<typeof openAlarm>[0]) => {
      interval(0).subscribe()
      return openAlarm(config)
    }
    const complaint = complaintOf(() => expect(open).toMatchMarbles('\nask    5--\ncommit -5.\nwrite  5|-'))
    expect(complaint).toMatch(/^Expected the run to end.*; timers were set\n/)
    expect(complaint).toMatch(/^ {2}at open \(.*loud\.test\.ts:\d+:\d+\)$/m)
    expect(
      complaintOf(() => completeScenario(open as OpenActor, '\nask    5--\ncommit -5.\nwrite  5|-', 'mine')),
    ).toMatch(/^ {2}at open /m)
    // and not what the kit itself has set, from the expectation
    expect(complaint.match(/loud\.test\.ts/g)).toHaveLength(1)
    expect(complaint).toContain('set an alarm where a timer goes on and on')
    expect(complaint).not.toContain('!')
  })

  it('a source that is still subscribed to when all is over', () => {
    const leaking =
      ({ cold }: MarbleRun) =>
      () => {
        const source = cold('-a--')
        return new Observable<string>((subscriber) => {
          source.subscribe((value) => {
            subscriber.next(value)
            subscriber.complete()
          })
        })
      }
    expect(
      silentIn(({ cold, expectObservable }) => expectObservable(leaking({ cold } as never)()).toBe('-(a|)')),
    ).toBe('nothing')
    const complaint = complaintOf(() => expect((run: MarbleRun) => leaking(run)()).toMatchMarbles('-(a|)'))
    expect(complaint).toContain("left open: cold('-a--') is still subscribed to, since 0 ms")
  })

  it('a timer that is still running when all is over', () => {
    const leaking = new Observable<string>((subscriber) => {
      asyncScheduler.schedule(() => {}, 50)
      subscriber.next('a')
      subscriber.complete()
    })
    expect(silentIn(({ expectObservable }) => expectObservable(leaking).toBe('(a|)'))).toBe('nothing')
    expect(complaintOf(() => expect(leaking).toMatchMarbles('(a|)'))).toContain(
      'left open: a timer is still running, due at 50 ms',
    )
    const unsubscribed = new Observable<string>(() => {
      asyncScheduler.schedule(() => {}, 50)
    })
    expect(complaintOf(() => expect(unsubscribed).toMatchMarbles('--!'))).toContain('due at 50 ms')
    expect(({ hot }: MarbleRun) => hot('--a--b').pipe(take(1))).toMatchMarbles('--(a|)')
  })

  it('a timer that outlives the diagram by a day', () => {
    const leaking = new Observable<string>(() => {
      asyncScheduler.schedule(() => {}, 90_000_000)
    })
    expect(complaintOf(() => expect(leaking).toMatchMarbles('---'))).toContain(
      'still running a day after the diagram',
    )
  })

  it('fake timers around it', () => {
    vi.useFakeTimers()
    expect(complaintOf(() => expect(of('a')).toMatchMarbles('(a|)'))).toContain(
      'no fake timers around a virtual run',
    )
  })
})
