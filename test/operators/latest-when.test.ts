import { BehaviorSubject, catchError, Subject, throwError } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, test } from 'vitest'
import { latestWhen } from '../../src/operators/latest-when.ts'
import { words } from './schedules.ts'

const scheduler = () => new TestScheduler((actual, expected) => expect(actual).toStrictEqual(expected))

test.each([
  {
    rule: 'passes while ready, keeps the newest while not',
    source: '   --1--2--3-------4--|',
    ready: '    t---f--------t------',
    result: '   --1----------3--4--|',
    sourceSub: '^------------------!',
    readySub: ' ^------------------!',
  },
  {
    rule: 'lets nothing out until the signal first says true',
    source: '   -1-2---------|',
    ready: '    ---f---f--t---',
    result: '   ----------2--|',
    sourceSub: '^------------!',
    readySub: ' ^------------!',
  },
  {
    rule: 'lets each value out once',
    source: '   -1-----2----|',
    ready: '    ---t-tf--t-ft',
    result: '   ---1-----2--|',
    sourceSub: '^-----------!',
    readySub: ' ^-----------!',
  },
  {
    rule: 'completes with the source when nothing waits, though not ready',
    source: '   --1--|',
    ready: '    t--f---',
    result: '   --1--|',
    sourceSub: '^----!',
    readySub: ' ^----!',
  },
  {
    rule: 'completes only when the value that waits has left',
    source: '   -1-2-|',
    ready: '    ---------t--',
    result: '   ---------(2|)',
    sourceSub: '^----!',
    readySub: ' ^--------!',
  },
  {
    rule: 'drops what waits when the source fails',
    source: '   -1-#',
    ready: '    ------',
    result: '   ---#',
    sourceSub: '^--!',
    readySub: ' ^--!',
  },
  {
    rule: 'drops what waits when the signal fails',
    source: '   -1------',
    ready: '    ---#',
    result: '   ---#',
    sourceSub: '^--!',
    readySub: ' ^--!',
  },
  {
    rule: 'stays ready when the signal completes ready',
    source: '   -1--2--|',
    ready: '    t-|',
    result: '   -1--2--|',
    sourceSub: '^------!',
    readySub: ' ^-!',
  },
])('$rule', ({ source, ready, result, sourceSub, readySub }) => {
  scheduler().run(({ cold, expectObservable, expectSubscriptions }) => {
    const source$ = cold(source)
    const ready$ = cold(ready, { t: true, f: false })
    expectObservable(source$.pipe(latestWhen(ready$))).toBe(result)
    expectSubscriptions(source$.subscriptions).toBe(sourceSub)
    expectSubscriptions(ready$.subscriptions).toBe(readySub)
  })
})

test('fails rather than losing the last value when the signal completes not ready', () => {
  const code = catchError((error) => throwError(() => error.code))
  scheduler().run(({ cold, expectObservable }) => {
    const ready$ = cold('       f---|', { f: false })
    const waits$ = cold('       -1-2----').pipe(latestWhen(ready$), code)
    expectObservable(waits$).toBe('----#', undefined, 'ALARM_CONFIG_INVALID')
    const comes$ = cold('       ------1-').pipe(latestWhen(ready$), code)
    expectObservable(comes$).toBe('------#', undefined, 'ALARM_CONFIG_INVALID')
    const none$ = cold('        ------|').pipe(latestWhen(ready$), code)
    expectObservable(none$).toBe('------|')
  })
})

test('unsubscribes source and signal when it is unsubscribed', () => {
  scheduler().run(({ cold, expectObservable, expectSubscriptions }) => {
    const source$ = cold('--1--2--3--')
    const ready$ = cold(' t---f---t--', { t: true, f: false })
    const unsubscribed = '^------!'
    expectObservable(source$.pipe(latestWhen(ready$)), unsubscribed).toBe('--1-----')
    expectSubscriptions(source$.subscriptions).toBe(unsubscribed)
    expectSubscriptions(ready$.subscriptions).toBe(unsubscribed)
  })
})

describe('when what leaves acts on it from inside,', () => {
  test('the newest of what came meanwhile is next', () => {
    const source$ = new Subject<number>()
    const seen: number[] = []
    source$.pipe(latestWhen([true])).subscribe((n) => {
      seen.push(n)
      if (n === 1) for (const next of [2, 3, 4]) source$.next(next)
    })
    source$.next(1)
    expect(seen).toEqual([1, 4])
  })

  test('a value that has left is not taken back, and does not leave twice', () => {
    const source$ = new Subject<number>()
    const ready$ = new BehaviorSubject(false)
    const seen: string[] = []
    source$.pipe(latestWhen(ready$)).subscribe((n) => {
      seen.push(`${n} left`)
      ready$.next(false)
      if (n < 4) source$.next(n + 1)
      ready$.next(n < 3)
      seen.push(`${n} done`)
    })
    source$.next(1)
    ready$.next(true)
    expect(seen).toEqual(['1 left', '1 done', '2 left', '2 done', '3 left', '3 done'])
  })
})

test('in every schedule only the newest leaves, once, while ready, and never stays while ready', () => {
  let schedules = 0
  for (const word of words(['value', 'ready', 'not', 'inside: value', 'inside: ready', 'inside: not'], 6)) {
    schedules++
    const todo = [...word]
    const source$ = new Subject<number>()
    const ready$ = new BehaviorSubject(false)
    const seen: number[] = []
    let pushed = 0
    let wrong = 0
    const act = (action: string): void => {
      if (action.endsWith('value')) source$.next(++pushed)
      else ready$.next(action.endsWith('ready'))
    }
    source$.pipe(latestWhen(ready$)).subscribe((n) => {
      if (!ready$.value || n !== pushed || seen.includes(n)) wrong++
      seen.push(n)
      while (todo[0]?.startsWith('inside')) act(todo.shift()!)
    })
    while (todo.length > 0) {
      act(todo.shift()!)
      if (ready$.value && (seen.at(-1) ?? 0) !== pushed) wrong++
    }
    if (wrong > 0) expect.fail(`${word.join(', ')}: ${seen}`)
  }
  expect(schedules).toBe(6 ** 6)
})
