import { BehaviorSubject, catchError, EMPTY, Observable, of, range, Subject, throwError } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, test } from 'vitest'
import { gate } from '../../src/operators/gate.ts'
import { words } from './schedules.ts'

const scheduler = () => new TestScheduler((actual, expected) => expect(actual).toStrictEqual(expected))

test.each([
  {
    rule: 'passes while open, holds while closed, in order',
    source: '--1--2-----3--4-------5--|',
    open: '  t------f---------t--------',
    result: '--1--2-----------(34)-5--|',
  },
  {
    rule: 'is closed until the signal first says true',
    source: '-1--2---------|',
    open: '  ---f--f--t-----',
    result: '---------(12)-|',
  },
  {
    rule: 'does nothing when the signal repeats itself',
    source: '--1-----2----|',
    open: '  t--t-ff--f--t--',
    result: '--1---------2|',
  },
  {
    rule: 'completes with the source when nothing is held, though closed',
    source: '--1--|',
    open: '  t--f----',
    result: '--1--|',
  },
  {
    rule: 'completes only when everything held has left',
    source: '-1-2-|     ',
    open: '  ---------t--',
    result: '---------(12|)',
    until: ' ---------!',
  },
  {
    rule: 'drops what is held when the source fails',
    source: '-1-#',
    open: '  ------',
    result: '---#',
  },
  {
    rule: 'drops what is held when the signal fails',
    source: '-1------',
    open: '  ---#',
    result: '---#',
  },
  {
    rule: 'fails with the signal though open and empty',
    source: '-1------',
    open: '  t---#',
    result: '-1--#',
  },
  {
    rule: 'stays open when the signal completes open',
    source: '-1--2--|',
    open: '  t-|',
    result: '-1--2--|',
  },
  {
    rule: 'completes with the source when the signal completed closed and nothing is held',
    source: '-1----|',
    open: '  t--f-|',
    result: '-1----|',
  },
])('$rule', ({ source, open, result, until }) => {
  scheduler().run(({ cold, expectObservable, expectSubscriptions }) => {
    const source$ = cold(source)
    const open$ = cold(open, { t: true, f: false })
    expectObservable(source$.pipe(gate(open$))).toBe(result)
    // Each is subscribed once, to its own end or that of the result.
    const end = until ?? result
    const firstOf = (...ends: string[]) => Math.min(...ends.map(endOf))
    expectSubscriptions(source$.subscriptions).toBe(subscription(firstOf(source, end)))
    expectSubscriptions(open$.subscriptions).toBe(subscription(firstOf(open, end)))
  })
})

/** The frame at which a diagram ends. */
function endOf(marbles: string): number {
  const at = marbles.trimStart().search(/[|#!]/)
  return at === -1 ? Number.POSITIVE_INFINITY : at
}

function subscription(frames: number): string {
  return `^${'-'.repeat(frames - 1)}!`
}

test('unsubscribes source and signal when it is unsubscribed', () => {
  scheduler().run(({ cold, expectObservable, expectSubscriptions }) => {
    const source$ = cold('-1--2--3--')
    const open$ = cold('  t--f------', { t: true, f: false })
    const unsubscribed = ' ^-----!   '
    expectObservable(source$.pipe(gate(open$)), unsubscribed).toBe('-1-----')
    expectSubscriptions(source$.subscriptions).toBe(unsubscribed)
    expectSubscriptions(open$.subscriptions).toBe(unsubscribed)
  })
})

describe('a signal that completes closed can never open, so', () => {
  const code = catchError((error) => throwError(() => error.code))

  test.each([
    { case: 'what is held is an error at once', source: '-1-----', open: 'f--|', result: '---#' },
    { case: 'the next value is an error', source: '-----1-', open: 'f--|', result: '-----#' },
    {
      case: 'the first value is an error, though it never said false',
      source: '-1-----',
      open: '|',
      result: '-#',
    },
    {
      case: 'what is held is one, though the source has completed',
      source: '-1|',
      open: '---|',
      result: '---#',
    },
    { case: 'what came after it was open is one', source: '-1---2--', open: 't--(f|)', result: '-1---#' },
  ])('$case', ({ source, open, result }) => {
    scheduler().run(({ cold, expectObservable }) => {
      const open$ = cold(open, { t: true, f: false })
      expectObservable(cold(source).pipe(gate(open$), code)).toBe(result, undefined, 'ALARM_CONFIG_INVALID')
    })
  })

  test('the message says what to do', () => {
    const error = errorOf(of(1).pipe(gate(EMPTY)))
    expect(String(error)).toMatch(/completed on false.*let the signal go on for as long as the source/)
  })
})

test('subscribes the signal before the source', () => {
  const order: string[] = []
  const named = (name: string) => new Observable<never>(() => void order.push(name))
  named('source')
    .pipe(gate(named('signal')))
    .subscribe()
  expect(order).toEqual(['signal', 'source'])
})

test('does not subscribe the source when the signal fails at once', () => {
  let subscribed = 0
  const source = new Observable<never>(() => void subscribed++)
  const error = errorOf(source.pipe(gate(throwError(() => 'broken'))))
  expect([error, subscribed]).toEqual(['broken', 0])
})

function errorOf(result: Observable<unknown>): unknown {
  let error: unknown
  result.subscribe({
    error: (cause) => {
      error = cause
    },
  })
  return error
}

/** A gate with hands on both sides; `inside` is called with each value as it is delivered. */
function open(state: boolean, inside: (n: number) => unknown = () => {}) {
  const source$ = new Subject<number>()
  const open$ = new BehaviorSubject(state)
  const seen: (number | string)[] = []
  const subscription = source$.pipe(gate(open$)).subscribe({
    next(n) {
      seen.push(n)
      inside(n)
    },
    error: (error) => seen.push(`error ${error}`),
    complete: () => seen.push('complete'),
  })
  return { source$, open$, seen, subscription }
}

describe('when what it releases acts on it from inside,', () => {
  test('it stops at once when it is closed, and goes on in order', () => {
    const { source$, open$, seen } = open(false, (n) => n === 2 && open$.next(false))
    for (const n of [1, 2, 3, 4]) source$.next(n)
    open$.next(true)
    expect(seen).toEqual([1, 2])
    source$.next(5)
    open$.next(true)
    expect(seen).toEqual([1, 2, 3, 4, 5])
  })

  test('a value that comes meanwhile waits for its turn', () => {
    const { source$, open$, seen } = open(false, (n) => n === 1 && source$.next(9))
    for (const n of [1, 2, 3]) source$.next(n)
    open$.next(true)
    expect(seen).toEqual([1, 2, 3, 9])
  })

  test('a value that comes during a delivery is delivered after it', () => {
    const ends: number[] = []
    const { source$, seen } = open(true, (n) => {
      if (n === 1) source$.next(2)
      ends.push(n)
    })
    source$.next(1)
    expect(seen).toEqual([1, 2])
    expect(ends).toEqual([1, 2])
  })

  test('it stops at once when the source fails', () => {
    const { source$, open$, seen } = open(false, (n) => n === 1 && source$.error('boom'))
    for (const n of [1, 2, 3]) source$.next(n)
    open$.next(true)
    expect(seen).toEqual([1, 'error boom'])
    expect(open$.observed).toBe(false)
  })

  test('it releases the rest before it completes', () => {
    const { source$, open$, seen } = open(false, (n) => {
      if (n > 1) return
      open$.complete()
      source$.complete()
    })
    for (const n of [1, 2, 3]) source$.next(n)
    open$.next(true)
    expect(seen).toEqual([1, 2, 3, 'complete'])
  })

  test('it stops at once when it is unsubscribed', () => {
    const held = open(false, (n) => n === 2 && held.subscription.unsubscribe())
    for (const n of [1, 2, 3]) held.source$.next(n)
    held.open$.next(true)
    expect(held.seen).toEqual([1, 2])
    expect([held.source$.observed, held.open$.observed]).toEqual([false, false])
  })

  test('100,000 held values that each close and open it need no deeper stack', () => {
    const { source$, open$, seen } = open(false, () => {
      open$.next(false)
      open$.next(true)
    })
    range(1, 100_000).subscribe((n) => source$.next(n))
    open$.next(true)
    source$.complete()
    expect(seen.length).toBe(100_001)
    expect(seen.slice(-2)).toEqual([100_000, 'complete'])
  })
})

test('in every schedule nothing leaves while it is closed, nothing stays while it is open, and order is kept', () => {
  let schedules = 0
  for (const word of words(['value', 'open', 'close', 'inside: value', 'inside: open', 'inside: close'], 6)) {
    schedules++
    const todo = [...word]
    const source$ = new Subject<number>()
    const open$ = new BehaviorSubject(false)
    const seen: number[] = []
    let pushed = 0
    let wrong = 0
    const act = (action: string): void => {
      if (action.endsWith('value')) source$.next(++pushed)
      else open$.next(action.endsWith('open'))
    }
    source$.pipe(gate(open$)).subscribe((n) => {
      if (!open$.value) wrong++
      seen.push(n)
      while (todo[0]?.startsWith('inside')) act(todo.shift()!)
    })
    while (todo.length > 0) {
      act(todo.shift()!)
      if (open$.value && seen.length !== pushed) wrong++
    }
    if (wrong > 0 || seen.some((n, i) => n !== i + 1)) expect.fail(`${word.join(', ')}: ${seen}`)
  }
  expect(schedules).toBe(6 ** 6)
})
