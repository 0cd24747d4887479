import { defer, EMPTY, finalize, of, range, Subject, take, tap, throwError } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, test } from 'vitest'
import { conflateMap } from '../../src/operators/conflate-map.ts'

const scheduler = () => new TestScheduler((actual, expected) => expect(actual).toStrictEqual(expected))

describe('in marbles,', () => {
  test('one runs at a time, and only the newest waits', () => {
    scheduler().run(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold('  --1--2--3------------4--|')
      const sourceSub = '     ^-----------------------!'
      const turns = [
        cold('                  -------a|'),
        cold('                     -------b|'),
        cold('                          -------c|'),
        cold('                                     -------d|'),
      ]
      const ran = [
        '                     --^-------!',
        [],
        '                     ----------^-------!',
        '                     ---------------------^-------!',
      ]
      const result = '        ---------a-------c----------d|'
      expectObservable(source$.pipe(conflateMap((n) => turns[Number(n) - 1]!))).toBe(result)
      expectSubscriptions(source$.subscriptions).toBe(sourceSub)
      for (const [i, turn] of turns.entries()) expectSubscriptions(turn.subscriptions).toBe(ran[i]!)
    })
  })

  test('the last value is run after the source has completed', () => {
    scheduler().run(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold('  -1-2-|')
      const inner$ = cold('    -----x|')
      const result = '        ------x-----x|'
      expectObservable(source$.pipe(conflateMap(() => inner$))).toBe(result)
      expectSubscriptions(source$.subscriptions).toBe('^----!')
      expectSubscriptions(inner$.subscriptions).toBe(['-^-----!', '-------^-----!'])
    })
  })

  test('an error of the source stops what runs and drops what waits', () => {
    scheduler().run(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold('  -1-2-#')
      const inner$ = cold('    --x-----|')
      expectObservable(source$.pipe(conflateMap(() => inner$))).toBe('---x-#')
      expectSubscriptions(source$.subscriptions).toBe('^----!')
      expectSubscriptions(inner$.subscriptions).toBe('-^---!')
    })
  })

  test('an error of what runs stops the source and drops what waits', () => {
    scheduler().run(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold('  -1-2---3-')
      const inner$ = cold('    ----#')
      expectObservable(source$.pipe(conflateMap(() => inner$))).toBe('-----#')
      expectSubscriptions(source$.subscriptions).toBe('^----!')
      expectSubscriptions(inner$.subscriptions).toBe('-^---!')
    })
  })

  test('an error of what runs is not hidden by a source that has completed', () => {
    scheduler().run(({ cold, expectObservable }) => {
      expectObservable(cold('-1|').pipe(conflateMap(() => cold('----#')))).toBe('-----#')
    })
  })

  test('unsubscribing stops what runs, and what waits never runs', () => {
    scheduler().run(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold('  -1-2---')
      const inner$ = cold('    -x-----|')
      const unsubscribed = '  ^----!'
      expectObservable(source$.pipe(conflateMap(() => inner$)), unsubscribed).toBe('--x---')
      expectSubscriptions(source$.subscriptions).toBe(unsubscribed)
      expectSubscriptions(inner$.subscriptions).toBe('-^---!')
    })
  })

  test('what never completes holds what comes after it', () => {
    scheduler().run(({ cold, expectObservable }) => {
      expectObservable(cold('-1-2-|').pipe(conflateMap(() => cold('x')))).toBe('-x')
    })
  })
})

test('counts the values that ran, from 0 for each subscriber', () => {
  const source$ = new Subject<string>()
  const turns: Subject<never>[] = []
  const seen: string[] = []
  const result = source$.pipe(
    conflateMap((value, index) => {
      seen.push(`${value}${index}`)
      const turn = new Subject<never>()
      turns.push(turn)
      return turn
    }),
  )
  const first = result.subscribe()
  for (const value of ['a', 'b', 'c']) source$.next(value)
  turns[0]!.complete()
  expect(seen).toEqual(['a0', 'c1'])
  first.unsubscribe()
  result.subscribe()
  source$.next('d')
  expect(seen).toEqual(['a0', 'c1', 'd0'])
})

test('starts the next one when the one before has been torn down', () => {
  const story: string[] = []
  const source$ = new Subject<number>()
  const turn$ = new Subject<never>()
  source$
    .pipe(
      conflateMap((n) =>
        defer(() => {
          story.push(`${n} starts`)
          return n === 1 ? turn$ : EMPTY
        }).pipe(finalize(() => story.push(`${n} is torn down`))),
      ),
    )
    .subscribe()
  source$.next(1)
  source$.next(2)
  turn$.complete()
  source$.next(3)
  expect(story).toEqual([
    '1 starts',
    '1 is torn down',
    '2 starts',
    '2 is torn down',
    '3 starts',
    '3 is torn down',
  ])
})

test('an error of what project returns says what it should return', () => {
  let error: unknown
  of(1)
    .pipe(conflateMap(() => undefined as never))
    .subscribe({
      error: (cause) => {
        error = cause
      },
    })
  expect(error).toMatchObject({
    code: 'ALARM_RETURN_INVALID',
    message: expect.stringContaining('project must'),
  })
})

describe('with turns that end synchronously,', () => {
  test('each runs inside the next that brings it', () => {
    const source$ = new Subject<number>()
    const seen: number[] = []
    source$.pipe(conflateMap((n) => of(n))).subscribe((n) => seen.push(n))
    for (const n of [1, 2, 3]) {
      source$.next(n)
      expect(seen.at(-1)).toBe(n)
    }
    expect(seen).toEqual([1, 2, 3])
  })

  test('100,000 values behind an asynchronous turn are one more turn', () => {
    const source$ = new Subject<number>()
    const turn$ = new Subject<never>()
    const ran: number[] = []
    source$
      .pipe(
        conflateMap((n) => {
          ran.push(n)
          return n === 0 ? turn$ : EMPTY
        }),
      )
      .subscribe()
    range(0, 100_001).subscribe((n) => source$.next(n))
    expect(ran).toEqual([0])
    turn$.complete()
    expect(ran).toEqual([0, 100_000])
    source$.next(1)
    expect(ran).toEqual([0, 100_000, 1])
  })

  test.each([
    ['project', (next: () => void) => ({ inProject: next })],
    ['the turn', (next: () => void) => ({ inTurn: next })],
    ['the teardown of the turn', (next: () => void) => ({ inTeardown: next })],
  ])(
    '100,000 turns behind an asynchronous one, each caused by the one before in %s, need no deeper stack',
    (_, where) => {
      const source$ = new Subject<number>()
      const turn$ = new Subject<never>()
      const ran: number[] = []
      let completed = false
      source$
        .pipe(
          conflateMap((n) => {
            ran.push(n)
            if (n === 0) return turn$
            const acts: { inProject?: () => void; inTurn?: () => void; inTeardown?: () => void } = where(
              () => (n < 100_000 ? source$.next(n + 1) : source$.complete()),
            )
            acts.inProject?.()
            return defer(() => {
              acts.inTurn?.()
              return EMPTY
            }).pipe(finalize(() => acts.inTeardown?.()))
          }),
        )
        .subscribe({
          complete: () => {
            completed = true
          },
        })
      source$.next(0)
      source$.next(1)
      turn$.complete()
      expect(ran.length).toBe(100_001)
      expect(ran.every((n, i) => n === i)).toBe(true)
      expect(completed).toBe(true)
    },
  )

  test('of the values that a turn causes the newest runs, and the turn is not cut short', () => {
    const source$ = new Subject<number>()
    const seen: string[] = []
    source$.pipe(conflateMap((n) => of(`${n}a`, `${n}b`))).subscribe((x) => {
      seen.push(x)
      if (x === '1a') for (const n of [2, 3]) source$.next(n)
    })
    source$.next(1)
    expect(seen).toEqual(['1a', '1b', '3a', '3b'])
  })

  test('one that goes on stops where it is unsubscribed', () => {
    let pulled = 0
    const long = range(1, 1000).pipe(
      tap(() => {
        pulled++
      }),
    )
    const seen: number[] = []
    of(0)
      .pipe(
        conflateMap(() => long),
        take(3),
      )
      .subscribe((n) => seen.push(n))
    expect(seen).toEqual([1, 2, 3])
    expect(pulled).toBe(3)
  })
})

test('when project unsubscribes, what it returns is not subscribed', () => {
  const source$ = new Subject<number>()
  let subscribed = 0
  const subscription = source$
    .pipe(
      conflateMap(() => {
        subscription.unsubscribe()
        return defer(() => {
          subscribed++
          return EMPTY
        })
      }),
    )
    .subscribe()
  source$.next(1)
  expect([subscription.closed, subscribed]).toEqual([true, 0])
})

test('an error of project while a turn has values waiting ends everything once', () => {
  const source$ = new Subject<number>()
  const ends: unknown[] = []
  source$.pipe(conflateMap((n) => (n === 1 ? of(1) : throwError(() => `no ${n}`)))).subscribe({
    next: () => source$.next(2),
    error: (error) => ends.push(error),
    complete: () => ends.push('complete'),
  })
  source$.next(1)
  expect(ends).toEqual(['no 2'])
  expect(source$.observed).toBe(false)
})

test('over every schedule of 5 values, one runs at a time and the last value is run', () => {
  const COUNT = 5
  let schedules = 0

  /** Plays one schedule of steps; turns whose bit in `sync` is set end synchronously. */
  function play(steps: readonly ('value' | 'end')[], sync: number, completesEarly: boolean): void {
    schedules++
    const source$ = new Subject<number>()
    const started: number[] = []
    let running: Subject<never> | null = null
    let atOnce = 0
    let completed = 0
    let pushed = 0
    source$
      .pipe(
        conflateMap((n) =>
          defer(() => {
            started.push(n)
            atOnce++
            if (atOnce > 1) expect.fail(`two at once in ${steps}`)
            if (sync & (1 << n)) return EMPTY
            running = new Subject<never>()
            return running
          }).pipe(finalize(() => atOnce--)),
        ),
      )
      .subscribe({ complete: () => completed++ })
    for (const step of steps) {
      if (step === 'value') {
        source$.next(++pushed)
        if (completesEarly && pushed === COUNT) source$.complete()
      } else running!.complete()
    }
    source$.complete()
    expect({ started, completed, atOnce }).toEqual({
      started: shouldStart(steps, sync),
      completed: 1,
      atOnce: 0,
    })
    expect(started.at(-1)).toBe(COUNT)
  }

  /** The rule, without the operator: a value runs when nothing does, and takes the place of what waits when something does. */
  function shouldStart(steps: readonly ('value' | 'end')[], sync: number): number[] {
    const started: number[] = []
    let state = { pushed: 0, running: false, waiting: 0 }
    for (const step of steps) state = after(state, step, sync, (n) => started.push(n))
    return started
  }

  function schedule(steps: ('value' | 'end')[], sync: number, state: State): void {
    if (state.pushed < COUNT) schedule([...steps, 'value'], sync, after(state, 'value', sync))
    if (state.running) schedule([...steps, 'end'], sync, after(state, 'end', sync))
    if (state.pushed === COUNT && !state.running) for (const early of [true, false]) play(steps, sync, early)
  }

  for (let sync = 0; sync < 2 ** (COUNT + 1); sync += 2) schedule([], sync, idle)
  expect(schedules).toBe(684)
})

interface State {
  readonly pushed: number
  readonly running: boolean
  readonly waiting: number
}

const idle: State = { pushed: 0, running: false, waiting: 0 }

function after(
  state: State,
  step: 'value' | 'end',
  sync: number,
  start: (n: number) => void = () => {},
): State {
  const pushed = step === 'value' ? state.pushed + 1 : state.pushed
  const next = step === 'value' ? pushed : state.waiting
  if (step === 'value' && state.running) return { ...state, pushed, waiting: next }
  if (next === 0) return { pushed, running: false, waiting: 0 }
  start(next)
  return { pushed, running: (sync & (1 << next)) === 0, waiting: 0 }
}
