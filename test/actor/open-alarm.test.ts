import {
  config,
  EMPTY,
  finalize,
  NEVER,
  noop,
  Observable,
  type ObservableInput,
  of,
  queueScheduler,
  Subject,
  throwError,
} from 'rxjs'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Line } from '../../src/actor/lines.ts'
import { type Alarm, type AlarmConfig, type AlarmEvent, type AlarmTime, openAlarm } from '../../src/index.ts'
import { virtualClock } from '../../src/marbles/clock/virtual-clock.ts'
import { uncaughtDuring } from '../fleet/rig.ts'
import { reportsOver } from '../reports-over.ts'

/** An outside call that the test answers, and that counts its subscriptions. */
class Call {
  readonly answer = new Subject<unknown>()
  subscribed = 0
  unsubscribed = 0
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
  readonly result = new Observable((subscriber) => {
    this.subscribed++
    subscriber.add(() => this.unsubscribed++)
    return this.answer.subscribe(subscriber)
  })
}

let calls: Call[]
beforeEach(() => {
  calls = []
})
const asked = () => calls.map(({ name }) => name).join(' ')
const call = (name: string) => calls.findLast((made) => made.name === name) as Call
const made = (name: string) => {
  const made = new Call(name)
  calls.push(made)
  return made.result
}
const open = (more: Partial<AlarmConfig> = {}): Alarm =>
  openAlarm({
    reconcile: false,
    commit: (time) => made(`commit ${time}`),
    write: (time) => made(`write ${time}`),
    scheduler: virtualClock(0),
    ...more,
  })

/** What a stream does, as words. */
function watch<T>(stream$: Observable<T>, seen: string[] = []): string[] {
  stream$.subscribe({
    next: (value) => seen.push(value === undefined ? 'next' : String(value)),
    error: (error) => seen.push(error.code ?? error.message),
    complete: () => seen.push('complete'),
  })
  return seen
}

describe('what the user functions do', () => {
  const boom = new Error('boom')
  const throwing = () => {
    throw boom
  }

  it('a write that throws for an earlier move is thrown by set, before the commit is issued', () => {
    const alarm = open({ write: throwing })
    expect(() => alarm.set(5)).toThrowError(
      expect.objectContaining({ code: 'ALARM_PRECOMMIT_FAILED', cause: boom, counted: false }),
    )
    expect(asked()).toBe('')
  })

  it('a commit that throws is thrown by set', () => {
    const alarm = open({ initial: 1, commit: throwing })
    expect(() => alarm.set(5)).toThrowError(
      expect.objectContaining({ code: 'ALARM_COMMIT_FAILED', cause: boom, counted: false }),
    )
    expect(asked()).toBe('')
  })

  it('a write that throws for a later move is no error: it rests and is tried again', () => {
    let writes = 0
    const scheduler = virtualClock(0)
    const write = () => {
      if (++writes < 3) throw boom
      return EMPTY
    }
    const alarm = open({ initial: 1, scheduler, write, commit: () => EMPTY })
    alarm.set(5)
    expect(alarm.time).toBe(5)
    const seen = watch(alarm.drained())
    scheduler.advance(1000)
    expect(seen).toEqual([])
    scheduler.advance(2000)
    expect([writes, seen]).toEqual([3, ['next', 'complete']])
  })

  it('a retry may come at once, from a scheduler that does not wait', () => {
    const alarm = open({
      initial: 1,
      scheduler: queueScheduler,
      retry: { delay: () => 0 },
      commit: () => EMPTY,
    })
    alarm.set(15)
    alarm.set(20)
    call('write 15').answer.error(boom)
    expect(asked()).toBe('write 15 write 20')
    call('write 20').answer.complete()
    expect(watch(alarm.drained())).toEqual(['next', 'complete'])
  })

  it.each([undefined, null, 5, true, {}])('a write that returns %o says what it must return', (result) => {
    const alarm = open({ write: () => result as unknown as ObservableInput<unknown> })
    expect(() => alarm.set(5)).toThrowError(
      expect.objectContaining({
        code: 'ALARM_PRECOMMIT_FAILED',
        cause: expect.objectContaining({
          code: 'ALARM_RETURN_INVALID',
          message: expect.stringMatching(/^write must return an Observable, a promise or an iterable/),
        }),
      }),
    )
  })

  const kinds: [string, () => ObservableInput<unknown>][] = [
    ['an Observable', () => of(1, 2, 3)],
    ['a promise', () => Promise.resolve(1)],
    ['an array', () => [1, 2]],
    ['an iterable', () => new Set([1])],
    [
      'an async iterable',
      async function* () {
        yield 1
      },
    ],
  ]
  it.each(kinds)('takes %s, whose end is the acknowledgement', async (_, input) => {
    const alarm = open({ commit: input, write: input })
    alarm.set(5)
    const drained = await new Promise<string>((resolve) => {
      alarm.drained().subscribe({ complete: () => resolve('drained') })
    })
    expect(drained).toBe('drained')
  })

  it('values are not acknowledgements, and a second completion changes nothing', () => {
    const alarm = open()
    alarm.set(5)
    const { answer } = call('write 5')
    answer.next(1)
    answer.next(2)
    expect(asked()).toBe('write 5')
    answer.complete()
    answer.complete()
    expect(asked()).toBe('write 5 commit 5')
  })

  it('a write that never ends holds what comes after it, and no memory grows with it', () => {
    const alarm = open()
    alarm.set(5)
    for (let time = 1000; time > 5; time--) alarm.set(time)
    alarm.set(2)
    expect(asked()).toBe('write 5')
    expect(alarm.time).toBe(2)
    alarm.close()
  })

  it('each call is subscribed once, and torn down once', () => {
    const alarm = open({ initial: 1 })
    alarm.set(5)
    call('commit 5').answer.complete()
    call('write 5').answer.complete()
    alarm.set(2)
    expect(asked()).toBe('commit 5 write 5 write 2')
    alarm.close()
    alarm.close()
    expect(calls.map(({ subscribed, unsubscribed }) => [subscribed, unsubscribed])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ])
  })

  it('may set and delete from within a call: the loop that runs goes on with it', () => {
    const told: string[] = []
    const alarm = open({
      commit(time) {
        told.push(`commit ${time}`)
        if (time === 5) alarm.set(3)
        return EMPTY
      },
      write(time) {
        told.push(`write ${time}`)
        if (time === 3) alarm.delete()
        return EMPTY
      },
    })
    alarm.set(5)
    expect(told).toEqual(['write 5', 'commit 5', 'write 3', 'commit null', 'write null'])
    expect(alarm.time).toBe(null)
  })

  it('may close the alarm from within a call', () => {
    const alarm = open({
      write() {
        alarm.close()
        return NEVER
      },
    })
    expect(() => alarm.set(5)).toThrowError(expect.objectContaining({ code: 'ALARM_CLOSED' }))
    expect(asked()).toBe('')
  })
})

describe('a broken alarm', () => {
  it('gives everyone the same error, now and later', () => {
    const alarm = open()
    const seen: unknown[] = []
    const catchInto = { error: (error: unknown) => seen.push(error) }
    alarm.events$.subscribe(catchInto)
    alarm.set(5)
    alarm.confirmed().subscribe(catchInto)
    alarm.drained().subscribe(catchInto)
    of('reply').pipe(alarm.holdUntilConfirmed()).subscribe(catchInto)
    alarm.deliver({ scheduledTime: 5 }, () => NEVER).subscribe(catchInto)
    call('write 5').answer.error(new Error('down'))

    expect(seen).toHaveLength(5)
    alarm.events$.subscribe(catchInto)
    alarm.confirmed().subscribe(catchInto)
    alarm.drained().subscribe(catchInto)
    of('reply').pipe(alarm.holdUntilConfirmed()).subscribe(catchInto)
    alarm.deliver({ scheduledTime: 5 }, () => NEVER).subscribe(catchInto)
    for (const use of [
      () => alarm.set(7),
      () => alarm.delete(),
      () => alarm.touch(),
      () => alarm.time,
      () => alarm.abandon(5),
    ]) {
      try {
        use()
      } catch (error) {
        seen.push(error)
      }
    }
    expect(seen).toHaveLength(15)
    expect(new Set(seen)).toEqual(
      new Set([expect.objectContaining({ code: 'ALARM_PRECOMMIT_FAILED', cause: new Error('down') })]),
    )
    expect(new Set(seen).size).toBe(1)
    expect(asked()).toBe('write 5')
  })

  it('is told apart from a bad time, which changes nothing', () => {
    const alarm = open({ initial: 1 })
    expect(() => alarm.set(Number.NaN)).toThrowError(expect.objectContaining({ code: 'ALARM_TIME_INVALID' }))
    expect(() => alarm.set(new Date('x'))).toThrowError(
      expect.objectContaining({ code: 'ALARM_TIME_INVALID' }),
    )
    expect([alarm.time, asked()]).toEqual([1, ''])
    alarm.set(new Date(7))
    expect(alarm.time).toBe(7)
  })

  it('runs out of fences rather than into the next epoch', () => {
    const alarm = open()
    Object.assign(alarm, { issued: 2 ** 22 - 1 })
    expect(() => alarm.set(5)).toThrowError(expect.objectContaining({ code: 'ALARM_FENCE_EXHAUSTED' }))
    expect(asked()).toBe('')
  })
})

it.each([
  ['a write', { write: () => Promise.reject(new Error('down')) }, ['ALARM_PRECOMMIT_FAILED']],
  [
    'a commit',
    { write: () => EMPTY, commit: () => Promise.reject(new Error('down')) },
    ['ALARM_COMMIT_FAILED'],
  ],
  ['a write at once', { write: () => throwError(() => new Error('down')) }, []], // it is thrown
])('%s that fails breaks the alarm and nothing else, and is reported once', async (_, config_, reported) => {
  const unheard: string[] = []
  const note = ({ code, message }: Error & { code?: string }): void => {
    unheard.push(code ?? message)
  }
  config.onUnhandledError = note
  process.on('unhandledRejection', note)
  const alarm = open(config_)
  try {
    alarm.set(5)
  } catch {}
  await reportsOver()
  process.off('unhandledRejection', note)
  config.onUnhandledError = null
  expect(unheard).toEqual(reported)
  expect(() => alarm.time).toThrowError(expect.objectContaining({ code: expect.stringContaining('_FAILED') }))
})

describe('close', () => {
  it('ends everything that waits, and all use', () => {
    const alarm = open()
    const events = watch(alarm.events$)
    alarm.set(5)
    const seen = [
      watch(alarm.confirmed()),
      watch(alarm.drained()),
      watch(of(1).pipe(alarm.holdUntilConfirmed())),
    ]
    alarm.close()
    expect(seen).toEqual([['ALARM_CLOSED'], ['ALARM_CLOSED'], ['ALARM_CLOSED']])
    expect(events.at(-1)).toBe('complete')
    expect(watch(alarm.events$)).toEqual(['complete'])
    expect(watch(alarm.confirmed())).toEqual(['ALARM_CLOSED'])
    expect(() => alarm.set(7)).toThrowError(expect.objectContaining({ code: 'ALARM_CLOSED' }))
    expect(() => alarm.time).toThrowError(expect.objectContaining({ code: 'ALARM_CLOSED' }))
    expect(call('write 5').unsubscribed).toBe(1)
  })

  it('ends everything also when a teardown of the user throws', () => {
    const throwing = new Observable(() => () => {
      throw new Error('teardown')
    })
    const alarm = open({ write: () => throwing })
    alarm.set(5)
    const seen = [watch(alarm.confirmed()), watch(alarm.events$)]
    expect(() => alarm.close()).toThrowError(/teardown/)
    expect(seen).toEqual([['ALARM_CLOSED'], ['complete']])
  })

  it('stops a write that rests', () => {
    const scheduler = virtualClock(0)
    const alarm = open({ initial: 1, scheduler, commit: () => EMPTY })
    alarm.set(5)
    call('write 5').answer.error(new Error('down'))
    expect(scheduler.pending).toBe(1)
    alarm.close()
    expect(scheduler.pending).toBe(0)
  })
})

describe('confirmed and drained', () => {
  it('emit once and complete, for what was asked before', () => {
    const alarm = open()
    expect(watch(alarm.confirmed())).toEqual(['next', 'complete'])
    expect(watch(alarm.drained())).toEqual(['next', 'complete'])
    alarm.set(5)
    const first = watch(alarm.confirmed())
    call('write 5').answer.complete()
    alarm.set(9)
    const second = watch(alarm.confirmed())
    const drained = watch(alarm.drained())
    call('commit 5').answer.complete()
    expect([first, second, drained]).toEqual([['next', 'complete'], [], []])
    call('commit 9').answer.complete()
    expect([second, drained]).toEqual([['next', 'complete'], []])
    call('write 9').answer.complete()
    expect(drained).toEqual(['next', 'complete'])
  })

  it('an unconfirmed intent for the same time again is nothing to wait for', () => {
    const alarm = open({ initial: 1 })
    alarm.set(5)
    alarm.set(5, { allowUnconfirmed: true })
    const seen = watch(alarm.confirmed())
    alarm.set(7)
    call('commit 5').answer.complete()
    expect(seen).toEqual(['next', 'complete'])
  })

  it('hold nothing when they are unsubscribed early', () => {
    const alarm = open()
    alarm.set(5)
    const waits = [alarm.confirmed().subscribe(), alarm.drained().subscribe()]
    for (const wait of waits) wait.unsubscribe()
    call('write 5').answer.complete()
    call('commit 5').answer.complete()
    expect(Object.getOwnPropertyDescriptor(alarm, 'work')?.value).toBe(null)
  })

  it('survive that a waiter sets the next one: no stack grows with the rounds', () => {
    const alarm = open({ commit: () => EMPTY, write: (time) => (time === 1 ? made('write 1') : EMPTY) })
    let left = 20_000
    alarm.set(1)
    const again = (): void => {
      alarm.confirmed().subscribe(() => {
        if (--left > 0) {
          alarm.set(left + 1)
          again()
        }
      })
    }
    again()
    call('write 1').answer.complete()
    expect(left).toBe(0)
  })

  it('forgets who has left while others wait on', () => {
    const alarm = open()
    alarm.set(5)
    const told: string[] = []
    alarm.confirmed().subscribe(() => told.push('first'))
    for (let i = 0; i < 1000; i++)
      alarm
        .confirmed()
        .subscribe(() => told.push('left'))
        .unsubscribe()
    alarm.confirmed().subscribe(() => told.push('last'))
    expect(placesOf(alarm)).toBe(2)
    call('write 5').answer.complete()
    call('commit 5').answer.complete()
    expect(told).toEqual(['first', 'last'])
    expect(Object.getOwnPropertyDescriptor(alarm, 'work')?.value).toBe(null)
  })
})

/** Those that are still in a line, by following it. */
function placesOf(alarm: Alarm): number {
  const work = Object.getOwnPropertyDescriptor(alarm, 'work')!.value as { lines: Line | null }
  let places = 0
  for (let line = work.lines; line !== null; line = line.next) {
    for (let place = line.first; place !== null; place = place.behind) places++
  }
  return places
}

it('an alarm that breaks unheard is not reported where something asks it before the turn is over', async () => {
  const breaking = (ask: (alarm: Alarm) => void) =>
    uncaughtDuring(() => {
      const alarm = open({ write: () => EMPTY })
      alarm.set(5)
      call('commit 5').answer.error(new Error('down'))
      ask(alarm)
    })
  expect(await breaking(() => {})).toHaveLength(1)
  expect(await breaking((alarm) => watch(alarm.drained()))).toEqual([])
  expect(await breaking((alarm) => watch(of(1).pipe(alarm.holdUntilConfirmed())))).toEqual([])
})

it('setIn is set with the sum, confirmed unless it says otherwise', () => {
  const alarm = open({ scheduler: virtualClock(1_000), write: () => EMPTY })
  const unconfirmed: unknown[] = []
  alarm.events$.subscribe(
    (event) => event.kind === 'intent' && unconfirmed.push([event.time, event.unconfirmed]),
  )
  alarm.setIn(5)
  alarm.setIn(4, { allowUnconfirmed: true })
  expect(unconfirmed).toEqual([
    [1_005, false],
    [1_004, true],
  ])
})

describe('what the store holds at the opening', () => {
  it('is read as a time: a Date is its milliseconds, and -0 is 0', () => {
    expect(open({ initial: new Date(5) as never }).time).toBe(5)
    expect(Object.is(open({ initial: -0 }).time, 0)).toBe(true)
  })
})

describe('a teardown of the user', () => {
  it('that asks for something when its write has ended waits for that end', () => {
    const writes: Subject<never>[] = []
    const times: AlarmTime[] = []
    const alarm = openAlarm({
      reconcile: false,
      commit: () => EMPTY,
      write(time) {
        const answer = new Subject<never>()
        writes.push(answer)
        times.push(time)
        return answer.pipe(finalize(() => time === 3 && alarm.set(2)))
      },
    })
    alarm.set(5)
    alarm.set(3) // held: from here on there is a pipe
    writes[0]?.complete()
    writes[1]?.complete()
    expect(times).toEqual([5, 3, 2])
  })

  it('that throws when a write has ended that was held costs the next one no turn', async () => {
    const writes: Subject<never>[] = []
    const times: AlarmTime[] = []
    const alarm = openAlarm({
      reconcile: false,
      commit: () => EMPTY,
      write(time) {
        const answer = new Subject<never>()
        writes.push(answer)
        times.push(time)
        const throws = finalize(() => {
          throw new Error('teardown')
        })
        return time === 3 ? answer.pipe(throws) : answer
      },
    })
    alarm.set(5)
    alarm.set(3) // held: from here on there is a pipe
    writes[0]?.complete()
    alarm.set(2)
    expect(await uncaughtDuring(() => writes[1]?.complete())).toHaveLength(1)
    expect(times).toEqual([5, 3, 2])
    const drained = watch(alarm.drained())
    writes[2]?.complete()
    expect(drained).toEqual(['next', 'complete'])
  })

  it.each([
    ['confirms', ['next', 'complete']],
    ['breaks', ['ALARM_COMMIT_FAILED']],
  ])('that throws when the commit %s stops nobody else', async (how, end) => {
    const commits: Subject<never>[] = []
    const alarm = openAlarm({
      reconcile: false,
      write: () => EMPTY,
      commit() {
        const answer = new Subject<never>()
        commits.push(answer)
        return answer
      },
    })
    alarm.set(5)
    const throws = finalize(() => {
      throw new Error('teardown')
    })
    alarm.confirmed().pipe(throws).subscribe({ error: noop })
    const other = watch(alarm.confirmed())
    const answer = () => (how === 'confirms' ? commits[0]?.complete() : commits[0]?.error(new Error()))
    expect(await uncaughtDuring(answer)).toHaveLength(1)
    expect(other).toEqual(end)
    if (how === 'breaks') return
    alarm.set(9)
    expect(commits).toHaveLength(2)
  })
})

describe('touch', () => {
  it('commits the state around an alarm that stays, and closes the gate until then', () => {
    const alarm = open({ initial: 5 })
    alarm.touch()
    const seen = watch(of('reply').pipe(alarm.holdUntilConfirmed()))
    expect([asked(), seen]).toEqual(['commit 5', []])
    call('commit 5').answer.complete()
    expect([asked(), seen]).toEqual(['commit 5', ['reply', 'complete']])
  })

  it('shares the commit that is due for the alarm, and waits for its precommit', () => {
    const alarm = open({ initial: 5 })
    alarm.set(3, { allowUnconfirmed: true })
    alarm.touch()
    expect(asked()).toBe('write 3')
    call('write 3').answer.complete()
    expect(asked()).toBe('write 3 commit 3')
    alarm.touch({ allowUnconfirmed: true })
    call('commit 3').answer.complete()
    expect(asked()).toBe('write 3 commit 3 commit 3')
  })

  it('throws what breaks the alarm at once, and refuses a broken one', () => {
    const alarm = open({
      commit() {
        throw new Error('disk full')
      },
    })
    const refusal = expect.objectContaining({ code: 'ALARM_COMMIT_FAILED' })
    expect(() => alarm.touch()).toThrowError(refusal)
    expect(() => alarm.touch()).toThrowError(refusal)
  })

  it('unconfirmed leaves the gate open', () => {
    const alarm = open()
    alarm.touch({ allowUnconfirmed: true })
    expect(watch(of('reply').pipe(alarm.holdUntilConfirmed()))).toEqual(['reply', 'complete'])
  })
})

describe('the output gate', () => {
  it('keeps the order of 100,000 held values, also of one that a released value causes', () => {
    const alarm = open()
    const source = new Subject<number>()
    const seen: number[] = []
    source.pipe(alarm.holdUntilConfirmed()).subscribe((value) => {
      seen.push(value)
      if (value === 0) source.next(100_000)
    })
    alarm.set(5)
    for (let value = 0; value < 100_000; value++) source.next(value)
    expect(seen).toEqual([])
    call('write 5').answer.complete()
    call('commit 5').answer.complete()
    expect(seen).toEqual(Array.from({ length: 100_001 }, (_, value) => value))
  })

  it('closes behind a released value that sets the alarm', () => {
    const alarm = open()
    const source = new Subject<string>()
    const seen: string[] = []
    source.pipe(alarm.holdUntilConfirmed()).subscribe((value) => {
      seen.push(value)
      if (value === 'a') {
        alarm.set(9)
        source.next('c')
      }
    })
    alarm.set(5)
    source.next('a')
    source.next('b')
    call('write 5').answer.complete()
    call('commit 5').answer.complete()
    expect(seen).toEqual(['a', 'b'])
    call('commit 9').answer.complete()
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  it('passes a source error at once and unsubscribes from the source once', () => {
    const alarm = open()
    alarm.set(5)
    const source = new Subject<number>()
    const seen = watch(source.pipe(alarm.holdUntilConfirmed()))
    source.next(1)
    source.error(new Error('source'))
    expect(seen).toEqual(['source'])
    const early = new Subject<number>()
    early.pipe(alarm.holdUntilConfirmed()).subscribe().unsubscribe()
    expect(early.observed).toBe(false)
  })

  it('opens at once when the alarm is back at what is durable, though a later write is in flight', () => {
    const alarm = open({ initial: 1, commit: () => EMPTY })
    alarm.set(5)
    alarm.set(3)
    const seen = watch(of('a').pipe(alarm.holdUntilConfirmed()))
    expect([asked(), seen]).toEqual(['write 5', []])
    alarm.set(5)
    expect([asked(), seen]).toEqual(['write 5', ['a', 'complete']])
  })

  it('closes for a confirmed set of what was only set unconfirmed', () => {
    const alarm = open()
    alarm.set(5, { allowUnconfirmed: true })
    expect(watch(of('a').pipe(alarm.holdUntilConfirmed()))).toEqual(['a', 'complete'])
    alarm.set(5)
    const seen = watch(of('b').pipe(alarm.holdUntilConfirmed()))
    expect(seen).toEqual([])
    call('write 5').answer.complete()
    call('commit 5').answer.complete()
    expect([seen, asked()]).toEqual([['b', 'complete'], 'write 5 commit 5'])
  })
})

describe('events$', () => {
  const kinds = (events: AlarmEvent[]) => events.map(({ kind }) => kind)

  it('tells every listener the same order, also of what a listener causes', () => {
    const alarm = open({ initial: 9 })
    const first: AlarmEvent[] = []
    const second: AlarmEvent[] = []
    alarm.events$.subscribe((event) => {
      first.push(event)
      if (event.kind === 'intent' && event.time === 5) alarm.set(3)
    })
    alarm.events$.subscribe((event) => second.push(event))
    alarm.set(5)
    expect(kinds(first)).toContain('write-issued')
    expect(second).toEqual(first)
  })

  it.each(['released', 'write-acknowledged', 'write-failed'])(
    'a listener may set on %s: the newest intent stands, and its order is kept',
    (kind) => {
      const scheduler = virtualClock(0)
      const alarm = open({ initial: 10, scheduler })
      let isLate = false
      let done = false
      alarm.events$.subscribe((event) => {
        if (event.kind === 'write-issued' && event.move === 'earlier' && event.time === 99) isLate = true
        if (event.kind !== kind || done) return
        done = true
        alarm.set(99)
      })
      alarm.set(15)
      call('commit 15').answer.complete()
      alarm.set(20)
      call('commit 20').answer.complete()
      alarm.set(7)
      alarm.set(5)
      const write = call('write 15').answer
      if (kind === 'write-failed') write.error(new Error('down'))
      else write.complete()
      // Answers all that comes, until nothing does.
      for (let answered = 0; answered < calls.length; answered++) {
        const { answer } = calls[answered] as Call
        if (!answer.closed) answer.complete()
        scheduler.advance(1000)
      }
      expect([done, isLate, alarm.time]).toEqual([true, false, 99])
      expect(watch(alarm.drained())).toEqual(['next', 'complete'])
      expect(asked().endsWith('commit 99 write 99')).toBe(true)
    },
  )

  it.each(['intent', 'write-issued', 'commit-issued', 'touched'])(
    'a listener may close on %s: nothing follows',
    (kind) => {
      const alarm = open()
      alarm.events$.subscribe((event) => event.kind === kind && alarm.close())
      const use = kind === 'touched' ? () => alarm.touch() : () => alarm.set(5)
      try {
        use()
        for (let answered = 0; answered < calls.length; answered++) calls[answered]?.answer.complete()
      } catch (error) {
        expect(error).toMatchObject({ code: 'ALARM_CLOSED' })
      }
      const before = asked()
      for (const { answer } of calls) answer.complete()
      expect(asked()).toBe(before)
      expect(calls.every(({ subscribed, unsubscribed }) => subscribed === 1 && unsubscribed === 1)).toBe(true)
      expect(use).toThrowError(expect.objectContaining({ code: 'ALARM_CLOSED' }))
    },
  )

  it('a listener that throws breaks nothing and slows nobody', async () => {
    const reported: unknown[] = []
    config.onUnhandledError = (error) => reported.push(error)
    const alarm = open()
    alarm.events$.subscribe(() => {
      throw new Error('listener')
    })
    const heard = watch(alarm.events$)
    alarm.set(5)
    call('write 5').answer.complete()
    expect(asked()).toBe('write 5 commit 5')
    expect(heard.length).toBeGreaterThan(2)
    await reportsOver()
    config.onUnhandledError = null
    expect(reported).toContainEqual(new Error('listener'))
  })

  it('holds nothing when nobody listens any more', () => {
    const alarm = open()
    const listening = alarm.events$.subscribe()
    const other = alarm.events$.subscribe()
    listening.unsubscribe()
    alarm.set(5)
    other.unsubscribe()
    expect(Object.getOwnPropertyDescriptor(alarm, 'telemetry')?.value).toBe(null)
  })

  it('goes on for those who stay', () => {
    const alarm = open()
    const listening = alarm.events$.subscribe()
    const heard: AlarmEvent[] = []
    alarm.events$.subscribe((event) => heard.push(event))
    listening.unsubscribe()
    alarm.set(5)
    expect(kinds(heard)).toEqual(['intent', 'write-issued'])
  })

  it('carries the clock and the key', () => {
    const scheduler = virtualClock(42)
    const alarm = open({ key: 'α', scheduler })
    const events: AlarmEvent[] = []
    alarm.events$.subscribe((event) => events.push(event))
    alarm.set(1000)
    scheduler.advance(7)
    call('write 1000').answer.complete()
    expect(events).toContainEqual({
      at: 49,
      key: 'α',
      kind: 'write-acknowledged',
      move: 'earlier',
      time: 1000,
      fence: 1,
      attempt: 1,
      took: 7,
    })
  })

  it('does not say how long took what was issued before anybody listened', () => {
    const scheduler = virtualClock()
    const alarm = open({ scheduler })
    alarm.set(1000)
    const events: AlarmEvent[] = []
    alarm.events$.subscribe((event) => events.push(event))
    scheduler.advance(7)
    call('write 1000').answer.complete()
    scheduler.advance(3)
    call('commit 1000').answer.complete()
    expect(events).toContainEqual(expect.objectContaining({ kind: 'write-acknowledged', took: null }))
    expect(events).toContainEqual(expect.objectContaining({ kind: 'commit-acknowledged', took: 3 }))
  })
})
