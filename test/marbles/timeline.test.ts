import { AlarmError, type AlarmEvent, type AlarmTime, openAlarm } from 'nolater'
import {
  mergeTimelines,
  recordTimeline,
  type Timeline,
  type TimelineEvent,
  virtualClock,
} from 'nolater/marbles'
import {
  concat,
  EMPTY,
  ignoreElements,
  NEVER,
  type Observable,
  of,
  Subject,
  tap,
  throwError,
  timer,
} from 'rxjs'
import { describe, expect, it } from 'vitest'
import { firstBelief, nextBelief } from '../../src/marbles/timeline/timeline-belief.ts'
import { followGate } from '../../src/marbles/timeline/timeline-gate.ts'

type Drained = Extract<TimelineEvent, { kind: 'drained' }>
const drained = (at: number, key = ''): Drained => ({
  at,
  key,
  kind: 'drained',
  time: null,
  caughtUp: true,
})

describe('recordTimeline', () => {
  it('subscribes at once and can be read at any time', () => {
    const events$ = new Subject<AlarmEvent>()
    const recording = recordTimeline(events$)
    events$.next(drained(1))
    const early = recording.timeline
    events$.next(drained(2))
    expect(early).toEqual({ events: [drained(1)] })
    expect(recording.timeline).toEqual({ events: [drained(1), drained(2)] })
  })

  it('stops when it is unsubscribed, and keeps what it has', () => {
    const events$ = new Subject<AlarmEvent>()
    const recording = recordTimeline(events$)
    events$.next(drained(1))
    recording.unsubscribe()
    expect(events$.observed).toBe(false)
    events$.next(drained(2))
    events$.error(new Error('unheard'))
    expect(recording.timeline.events).toEqual([drained(1)])
  })

  it('makes errors plain', () => {
    const failed = (error: unknown): AlarmEvent => ({
      ...{ at: 1, key: '', kind: 'commit-failed', time: 5, took: 0 },
      error,
    })
    const errors: unknown[] = [
      new AlarmError('ALARM_CLOSED', 'closed', { cause: new Error('cause') }),
      new Error('boom'),
      Object.assign(new Error('busy'), { code: 5 }),
      'words',
      undefined,
      { reason: 'none' },
    ]
    const { timeline } = recordTimeline(of(...errors.map(failed)))
    expect(timeline.events.slice(0, -1).map((event) => 'error' in event && event.error)).toEqual([
      { code: 'ALARM_CLOSED', message: 'closed' },
      { message: 'boom' },
      { message: 'busy' },
      { message: 'words' },
      { message: 'undefined' },
      { message: 'an object without a message' },
    ])
    expect(JSON.parse(JSON.stringify(timeline))).toEqual(timeline)
  })

  it('ends with the error that broke the stream, for every key that was seen', () => {
    const error = new AlarmError('ALARM_FENCED', 'another owns it')
    const events$ = concat(
      of(drained(1, 'a'), drained(2, 'b')),
      throwError(() => error),
    )
    const ending = { kind: 'errored', error: { code: 'ALARM_FENCED', message: 'another owns it' } }
    expect(recordTimeline(events$).timeline.events.slice(2)).toEqual([
      { at: 2, key: 'a', ...ending },
      { at: 2, key: 'b', ...ending },
    ])
  })

  it('ends with the completion, also where nothing happened before', () => {
    expect(recordTimeline(of(drained(7))).timeline.events).toEqual([
      drained(7),
      { at: 7, key: '', kind: 'completed' },
    ])
    expect(recordTimeline(EMPTY).timeline.events).toEqual([{ at: 0, key: '', kind: 'completed' }])
    expect(recordTimeline(NEVER).timeline.events).toEqual([])
  })
})

describe('mergeTimelines', () => {
  const timeline = (key: string, ...times: number[]): Timeline => ({
    events: times.map((at) => drained(at, key)),
  })
  const told = ({ events }: Timeline): string => events.map(({ at, key }) => `${key}${at}`).join(' ')

  it('puts events in the order of the clock, and at the same time in the order of the timelines', () => {
    const merged = mergeTimelines(timeline('a', 1, 1, 5), timeline('b', 0, 1, 9), timeline('c'))
    expect(told(merged)).toBe('b0 a1 a1 b1 a5 b9')
    expect(told(mergeTimelines())).toBe('')
  })

  it('keeps the order within each, also where its clock was stepped back', () => {
    expect(told(mergeTimelines(timeline('a', 10, 3, 4), timeline('b', 5, 11)))).toBe('b5 a10 a3 a4 b11')
  })
})

describe('followGate', () => {
  const intent = (time: AlarmTime, unconfirmed = false) => ({
    ...{ kind: 'intent', time, move: 'later', unconfirmed, bound: 1, committed: 1 },
  })
  const issued = (time: AlarmTime) => ({ kind: 'commit-issued', time })
  const durable = (time: AlarmTime) => ({ kind: 'commit-acknowledged', time, took: 0 })
  const touched = (unconfirmed = false) => ({ kind: 'touched', unconfirmed })
  const ended = { kind: 'completed' }
  const broken = { kind: 'errored', error: { message: 'down' } }
  const gates = (...events: object[]): string => {
    const gateAfter = followGate(1)
    return events.map((event) => gateAfter({ at: 0, key: '', ...event } as TimelineEvent)).join(' ')
  }

  it('closes for a confirmed intent until the commit that covers it is durable', () => {
    expect(gates(intent(5), issued(5), durable(5))).toBe('closed closed open')
    expect(gates(intent(5), issued(5), intent(6), durable(5), issued(6), durable(6))).toBe(
      'closed closed closed closed closed open',
    )
  })

  it('stays open for one that nobody waits for, until somebody does', () => {
    expect(gates(intent(5, true), issued(5), durable(5))).toBe('open open open')
    expect(gates(intent(5, true), intent(5), issued(5), durable(5))).toBe('open closed closed open')
    expect(gates(intent(5), intent(6, true), issued(6), durable(6))).toBe('closed closed closed open')
  })

  it('stays open for the same value again', () => {
    expect(gates(intent(1), intent(1, true))).toBe('open open')
  })

  it('stays closed where what was asked is put back, until that is committed', () => {
    expect(gates(intent(5), intent(1))).toBe('closed closed')
    expect(gates(intent(5), intent(1), issued(1), durable(1))).toBe('closed closed closed open')
    expect(gates(intent(5), issued(5), intent(1), durable(5), issued(1), durable(1))).toBe(
      'closed closed closed closed closed open',
    )
  })

  it('closes for state that changes around the alarm', () => {
    expect(gates(touched(), issued(1), durable(1), intent(5), intent(1))).toBe(
      'closed closed open closed closed',
    )
    expect(gates(touched(true), issued(1), touched(), durable(1), issued(1), durable(1))).toBe(
      'open open closed closed closed open',
    )
  })

  it('is broken at an end that leaves something waiting, and new in the next life', () => {
    expect(gates(ended, intent(5))).toBe('open closed')
    expect(gates(intent(5), ended, intent(1), intent(5), issued(5), durable(5))).toBe(
      'closed broken open closed closed open',
    )
    expect(gates(touched(), issued(1), broken, intent(1))).toBe('closed closed broken open')
    expect(gates(touched(), issued(1), broken, intent(5, true), issued(5))).toBe(
      'closed closed broken open open',
    )
  })
})

/** One run of a real alarm with random intents, answers and failures. */
function randomRun(seed: number) {
  let state = seed * 7919 + 1
  const random = (below: number): number => {
    state = (state * 48271) % 2147483647
    return state % below
  }
  const clock = virtualClock()
  const initial = random(5) === 0 ? null : random(5)
  const truth = { manager: initial as AlarmTime, store: initial as AlarmTime }
  const call = (of: 'manager' | 'store', time: AlarmTime) => {
    const apply = tap({
      complete() {
        truth[of] = time
      },
    })
    const wait = random(3) === 0 ? EMPTY : timer(1 + random(9), clock).pipe(ignoreElements())
    const fate = random(of === 'store' ? 40 : 12)
    if (fate > 1) return wait.pipe(apply)
    // Failed before, or after it was applied.
    return concat(
      fate === 0 ? wait.pipe(apply) : wait,
      throwError(() => new Error('down')),
    )
  }
  const alarm = openAlarm({
    initial,
    scheduler: clock,
    reconcile: random(2) === 0,
    retry: { count: 2, delay: () => 3 },
    commit: (time) => call('store', time),
    write: (time) => call('manager', time),
  })
  const recording = recordTimeline(alarm.events$)
  const isNow = (answer$: Observable<unknown>): boolean => {
    let isAnswered = false
    const answered = answer$.subscribe({
      next() {
        isAnswered = true
      },
      error() {},
    })
    answered.unsubscribe()
    return isAnswered
  }
  const isOpen = (): boolean => isNow(of(0).pipe(alarm.holdUntilConfirmed()))
  const isDrained = (): boolean => isNow(alarm.drained())
  return { random, clock, alarm, truth, recording, isOpen, isDrained }
}

describe('what a timeline tells', () => {
  it.each([1, 2, 3, 4, 5])(
    'is what the manager and the store hold, and when the gate is open (%i)',
    (block) => {
      let [looked, closed, uncertain] = [0, 0, 0]
      for (let seed = block * 100; seed < block * 100 + 100; seed++) {
        const { random, clock, alarm, truth, recording, isOpen } = randomRun(seed)
        for (let step = 0; step < 12; step++) {
          try {
            const allowUnconfirmed = random(3) === 0
            if (random(6) === 0) alarm.delete({ allowUnconfirmed })
            else alarm.set(random(5), { allowUnconfirmed })
          } catch {
            // broken: the recording knows
          }
          clock.advance(random(8))
          const { events } = recording.timeline
          if (events.length === 0) continue
          const gateAfter = followGate(firstBelief(events).store[0])
          const gate = events.map(gateAfter).at(-1)
          const belief = events.reduce(nextBelief, firstBelief(events))
          const story = `seed ${seed}, step ${step}`
          expect(gate === 'open', story).toBe(isOpen())
          if (belief.manager.length > 0) expect(belief.manager, story).toContain(truth.manager)
          expect(belief.store, story).toContain(truth.store)
          looked++
          if (gate === 'closed') closed++
          if (belief.manager.length > 1) uncertain++
        }
      }
      // The runs must have been worth looking at.
      expect(Math.min(looked / 500, closed / 50, uncertain / 50)).toBeGreaterThan(1)
    },
  )
})
