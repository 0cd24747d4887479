import { of, Subject } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { expect, test } from 'vitest'
import { type ClassifiedMove, classifyMoves } from '../../src/operators/classify-moves.ts'
import { type AlarmIntent, deleteAlarm, setAlarm } from '../../src/vocabulary/intent.ts'
import type { AlarmTime } from '../../src/vocabulary/time.ts'

const scheduler = () => new TestScheduler((actual, expected) => expect(actual).toStrictEqual(expected))

const soon = setAlarm(5)
const then = setAlarm(10)
const late = setAlarm(20)
const none = deleteAlarm()

test('tells earlier, later and same from a fixed bound', () => {
  scheduler().run(({ hot, expectObservable, expectSubscriptions }) => {
    const source = hot('--s--l--d--t---|', { s: soon, l: late, d: none, t: then })
    expectObservable(source.pipe(classifyMoves(10))).toBe('--e--l--d--s---|', {
      e: { move: 'earlier', time: 5, intent: soon },
      l: { move: 'later', time: 20, intent: late },
      d: { move: 'later', time: null, intent: none },
      s: { move: 'same', time: 10, intent: then },
    })
    expectSubscriptions(source.subscriptions).toBe('^--------------!')
  })
})

test('never comes after every time, on both sides', () => {
  const moves = (bound: AlarmTime, ...intents: AlarmIntent[]): string[] => {
    const seen: string[] = []
    of(...intents)
      .pipe(classifyMoves(bound))
      .subscribe(({ move }) => seen.push(move))
    return seen
  }
  expect(moves(null, soon, none)).toEqual(['earlier', 'same'])
  expect(moves(0, setAlarm(0), soon, none)).toEqual(['same', 'later', 'later'])
})

test('reads the bound once for each intent, when it arrives', () => {
  const intents$ = new Subject<AlarmIntent>()
  let bound: AlarmTime = null
  let reads = 0
  const seen: ClassifiedMove[] = []
  const readBound = (): AlarmTime => {
    reads++
    return bound
  }
  intents$.pipe(classifyMoves(readBound)).subscribe((move) => seen.push(move))
  expect(reads).toBe(0)
  for (const next of [null, 5, 3]) {
    bound = next
    intents$.next(soon)
  }
  expect(seen.map(({ move }) => move)).toEqual(['earlier', 'same', 'later'])
  expect(reads).toBe(3)
})

test('hands the intent on as it came', () => {
  const intent = setAlarm(5, { allowUnconfirmed: true })
  let seen: ClassifiedMove | undefined
  of(intent)
    .pipe(classifyMoves(null))
    .subscribe((move) => {
      seen = move
    })
  expect(seen?.intent).toBe(intent)
})

test.each([
  ['an intent that is none', { kind: 'postpone' }, 10, 'ALARM_INTENT_INVALID'],
  ['no intent at all', undefined, 10, 'ALARM_INTENT_INVALID'],
  ['a time that no alarm can have', { kind: 'set', time: -1 }, 10, 'ALARM_TIME_INVALID'],
  ['a bound that is no time', soon, Number.NaN, 'ALARM_TIME_INVALID'],
  ['a bound that is missing', soon, undefined, 'ALARM_TIME_INVALID'],
  ['a function that returns no time', soon, () => 1.5, 'ALARM_TIME_INVALID'],
])('makes an error of %s', (_, intent, bound, code) => {
  let error: unknown
  let values = 0
  of(intent as AlarmIntent, soon)
    .pipe(classifyMoves(bound as AlarmTime))
    .subscribe({
      next: () => values++,
      error: (cause) => {
        error = cause
      },
    })
  expect(error).toMatchObject({ code })
  expect(values).toBe(0)
})
