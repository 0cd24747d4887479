import { concat, EMPTY, NEVER, Observable, of, Subject, take, throwError } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import {
  type AlarmConfig,
  type AlarmEvent,
  type AlarmIntent,
  deleteAlarm,
  keepAlarm,
  setAlarm,
} from '../../src/index.ts'

const instant: AlarmConfig = { commit: () => EMPTY, write: () => EMPTY, reconcile: false }
const marbles = () => new TestScheduler((actual, expected) => expect(actual).toEqual(expected))

/** What a stream of events does, as words. */
function watch(events$: Observable<AlarmEvent>): string[] {
  const seen: string[] = []
  events$.subscribe({
    next: ({ kind }) => seen.push(kind),
    error: (error) => seen.push(error.code ?? error.message),
    complete: () => seen.push('complete'),
  })
  return seen
}

describe('keepAlarm', () => {
  it('tells the whole story of each intent, synchronously where it can', () => {
    const source = new Subject<AlarmIntent>()
    const seen = watch(source.pipe(keepAlarm(instant)))
    source.next(setAlarm(5))
    const round = ['write-issued', 'write-acknowledged', 'commit-issued', 'commit-acknowledged']
    expect(seen).toEqual(['intent', ...round, 'drained'])
    source.next(setAlarm(5))
    expect(seen.slice(6)).toEqual(['intent'])
    source.next(deleteAlarm())
    expect(seen.slice(7)).toEqual(['intent', ...round.slice(2), ...round.slice(0, 2), 'drained'])
    source.complete()
    expect(seen.at(-1)).toBe('complete')
  })

  it('completes when the source has and everything is drained, on the ruler', () => {
    marbles().run(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --a---|       ', { a: setAlarm(5) })
      const write = cold('     ---|       ')
      const commit = cold('       ----|   ')
      const kept = source.pipe(keepAlarm({ ...instant, write: () => write, commit: () => commit }))
      expectObservable(new Observable((end) => kept.subscribe({ complete: () => end.complete() }))).toBe(
        '---------|',
      )
      expectSubscriptions(source.subscriptions).toBe('^-----!')
      expectSubscriptions(write.subscriptions).toBe(' --^--!')
      expectSubscriptions(commit.subscriptions).toBe('-----^---!')
    })
  })

  it('tears everything down once when it is unsubscribed', () => {
    marbles().run(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('--a---b--', { a: setAlarm(5), b: setAlarm(3) })
      const write = cold('   ---------|')
      expectObservable(source.pipe(keepAlarm({ ...instant, write: () => write })), '   ^------!').toBe(
        '--(ab)(abc)',
        {
          a: expect.anything(),
          b: expect.anything(),
          c: expect.anything(),
        },
      )
      expectSubscriptions(source.subscriptions).toBe('^------!')
      expectSubscriptions(write.subscriptions).toBe(' --^----!')
    })
  })

  it('completes at once on an empty source, once the stored alarm is reconciled', () => {
    expect(watch(EMPTY.pipe(keepAlarm(instant)))).toEqual(['complete'])
    const told: unknown[] = []
    const write: AlarmConfig['write'] = (time, info) => {
      told.push([time, info])
      return EMPTY
    }
    const config = { ...instant, write, reconcile: true, initial: 7, key: 'k', epoch: 2 }
    expect(watch(EMPTY.pipe(keepAlarm(config)))).toEqual([
      'write-issued',
      'write-acknowledged',
      'drained',
      'complete',
    ])
    expect(told).toEqual([[7, { key: 'k', move: 'same', fence: 2 * 2 ** 22 + 1, attempt: 1 }]])
  })

  it('never completes on a source that never does', () => {
    expect(watch(NEVER.pipe(keepAlarm(instant)))).toEqual([])
  })

  it('passes a source error through, after teardown', () => {
    let torn = false
    const write = () => new Observable(() => () => (torn = true))
    const order: unknown[] = []
    const source = concat(
      of(setAlarm(5)),
      throwError(() => new Error('source')),
    )
    source.pipe(keepAlarm({ ...instant, write })).subscribe({ error: ({ message }) => order.push(message) })
    expect(order).toEqual(['source'])
    expect(torn).toBe(true)
  })

  it('ends with a typed error on a bad intent, and stops listening to the source', () => {
    const source = new Subject<AlarmIntent>()
    const seen = watch(source.pipe(keepAlarm(instant)))
    source.next({ kind: 'set', time: 1.5 })
    expect(seen).toEqual(['ALARM_TIME_INVALID'])
    expect(source.observed).toBe(false)
  })

  it('ends with what broke the alarm, also when it happens synchronously', () => {
    const source = new Subject<AlarmIntent>()
    const write = () => throwError(() => new Error('down'))
    const seen = watch(source.pipe(keepAlarm({ ...instant, write })))
    source.next(setAlarm(5))
    expect(seen).toEqual(['intent', 'write-issued', 'write-failed', 'ALARM_PRECOMMIT_FAILED'])
    expect(source.observed).toBe(false)
  })

  it('asks nothing after it was unsubscribed from within an event', () => {
    for (let events = 1; events <= 8; events++) {
      const calls: string[] = []
      const log = (name: string) => (time: number | null) => {
        calls.push(`${name} ${time}`)
        return EMPTY
      }
      let callsAtEnd = -1
      of(setAlarm(5), setAlarm(20))
        .pipe(keepAlarm({ ...instant, commit: log('commit'), write: log('write') }), take(events))
        .subscribe({ complete: () => (callsAtEnd = calls.length) })
      expect(calls).toHaveLength(callsAtEnd)
    }
  })

  it('starts fresh for each subscriber', () => {
    const source = new Subject<AlarmIntent>()
    const kept = source.pipe(keepAlarm(instant))
    const first = watch(kept)
    source.next(setAlarm(5))
    const second = watch(kept)
    source.next(setAlarm(5))
    expect(first.at(-1)).toBe('intent')
    expect(second.at(-1)).toBe('drained')
  })

  it('takes an intent that a listener of its own events sends', () => {
    const source = new Subject<AlarmIntent>()
    const seen: unknown[] = []
    source.pipe(keepAlarm(instant)).subscribe((event) => {
      if (event.kind === 'drained') seen.push(event.time)
      if (event.kind === 'drained' && event.time === 5) source.next(setAlarm(3))
    })
    source.next(setAlarm(5))
    expect(seen).toEqual([5, 3])
  })
})
