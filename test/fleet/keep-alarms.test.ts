import { concat, EMPTY, map, NEVER, Observable, of, range, Subject, take, throwError } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import {
  type AlarmTime,
  deleteAlarm,
  type FleetConfig,
  type KeepAlarmsConfig,
  type KeyedEvent,
  type KeyedIntent,
  keepAlarms,
  memoryManager,
  setAlarm,
} from '../../src/index.ts'
import { turns, virtualClock } from '../virtual-clock.ts'
import { badTeardown, kept, outcome, told, uncaughtDuring, world } from './rig.ts'

const set = (key: string, time: number): KeyedIntent => ({ ...setAlarm(time), key })
const remove = (key: string): KeyedIntent => ({ ...deleteAlarm(), key })
const instant: FleetConfig = {
  load: () => of({ time: null, epoch: 1 }),
  commit: () => EMPTY,
  write: () => EMPTY,
  reconcile: false,
}
const marbles = () => new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
const refuse = (message: string) => () => {
  throw new Error(message)
}

/** What a stream of events does, as words. */
function watch(events$: Observable<KeyedEvent>): string[] {
  const seen: string[] = []
  events$.subscribe({
    next: ({ key, kind }) => seen.push(`${key} ${kind}`),
    error: (error) => seen.push(error.code ?? error.message),
    complete: () => seen.push('complete'),
  })
  return seen
}

describe('keepAlarms', () => {
  it('tells the story of each actor by its key, synchronously where it can', () => {
    const { intents$, seen } = kept()
    intents$.next(set('a', 5))
    const round = ['intent', 'write-issued', 'write-acknowledged', 'commit-issued', 'commit-acknowledged']
    expect(told(seen.events)).toEqual(['opened', ...round, 'drained'].map((kind) => `a ${kind}`))
    intents$.next(set('b', 7))
    intents$.next(remove('a'))
    const [a, b] = ['opened', 'drained']
    expect(told(seen.events, ['opened', 'drained'])).toEqual([
      `a ${a}`,
      `a ${b}`,
      `b ${a}`,
      `b ${b}`,
      `a ${b}`,
    ])
    expect(seen.events[0]).toEqual({ at: 1_000_000, key: 'a', kind: 'opened', time: null, epoch: 1 })
    intents$.complete()
    expect(seen.end).toBe('complete')
  })

  it('runs keys side by side, and each of them in order, on the ruler', () => {
    marbles().run(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const intents$ = hot('--a-b-c---------|', { a: set('a', 5), b: set('b', 5), c: set('a', 2) })
      const load = cold('    -(l|)           ', { l: { time: null, epoch: 1 } })
      const a = cold('        ----|           ')
      const b = cold('          -----|        ')
      const commit = cold('            --|    ')
      const events$ = intents$.pipe(
        keepAlarms({
          ...instant,
          load: () => load,
          write: (_, { key }) => (key === 'a' ? a : b),
          commit: () => commit,
        }),
      )
      const drained$ = new Observable<string>((subscriber) =>
        events$.subscribe({
          next: (event) => event.kind === 'drained' && subscriber.next(`${event.key}${event.time}`),
          complete: () => subscriber.complete(),
        }),
      )
      expectObservable(drained$).toBe('------------xy--|', { x: 'b5', y: 'a2' })
      expectSubscriptions(load.subscriptions).toBe(['--^!', '----^!'])
      expectSubscriptions(a.subscriptions).toBe(['---^---!', '-------^---!']) // 2 is held until 5 is through
      expectSubscriptions(b.subscriptions).toBe('-----^----!')
      expectSubscriptions(commit.subscriptions).toBe(['----------^-!', '-----------^-!'])
    })
  })

  it('completes when the source has, and every actor is loaded and drained', () => {
    const { intents$, seen, answer, asks } = kept({ asks: ['load', 'write'] })
    intents$.next(set('a', 5))
    intents$.next(set('b', 5))
    intents$.complete()
    answer('load', 'a')
    answer('write', 'a')
    expect(seen.end).toBe('')
    answer('load', 'b')
    expect(seen.end).toBe('')
    asks.clear()
    answer('write', 'b')
    expect(seen.end).toBe('complete')
  })

  it('completes although an actor broke, and one whose later move rests, once that is over', async () => {
    const { intents$, seen, refuse, answer, clock } = kept({
      asks: ['write'],
      config: { retry: { count: 1, delay: () => 50 } },
    })
    intents$.next(set('a', 5))
    answer('write')
    intents$.next(remove('a'))
    intents$.next(set('b', 5))
    intents$.complete()
    refuse('write', 'b')
    refuse('write', 'a')
    expect(seen.end).toBe('')
    await clock.advance(50)
    refuse('write', 'a')
    expect(told(seen.events, ['broken', 'write-given-up'])).toEqual(['b broken', 'a write-given-up'])
    expect(seen.end).toBe('complete')
  })

  it('tears everything down once when it is unsubscribed', () => {
    const { intents$, subscription, seen, open, calls, clock } = kept({ asks: ['load', 'write', 'commit'] })
    for (const key of ['a', 'b', 'c']) intents$.next(set(key, 5))
    for (const call of calls.slice(1, 3)) call.done()
    calls[3]?.done()
    expect(open()).toEqual(['load a', 'write c5', 'commit b5'])
    const { length } = seen.events
    subscription.unsubscribe()
    expect(open()).toEqual([])
    expect(intents$.observed).toBe(false)
    expect(clock.pending()).toBe(0)
    expect([seen.end, seen.events.length]).toEqual(['', length])
  })

  it('gives each subscriber a fleet of its own', () => {
    const loads: string[] = []
    const intents$ = new Subject<KeyedIntent>()
    const load = (key: string) => {
      loads.push(key)
      return instant.load(key)
    }
    const events$ = intents$.pipe(keepAlarms({ ...instant, load }))
    const first = watch(events$)
    intents$.next(set('a', 5))
    const second = watch(events$)
    intents$.next(set('a', 5))
    expect(loads).toEqual(['a', 'a'])
    expect([first.at(-1), second.at(-1)]).toEqual(['a intent', 'a drained'])
  })

  it('keeps 100,000 actors that are asked synchronously', () => {
    const n = 100_000
    const drained = new Set<string>()
    let end = ''
    range(0, n)
      .pipe(
        map((i) => set(`actor ${i}`, i)),
        keepAlarms(instant),
      )
      .subscribe({
        next: ({ kind, key }) => kind === 'drained' && drained.add(key),
        complete: () => {
          end = 'complete'
        },
      })
    expect([drained.size, end]).toEqual([n, 'complete'])
  })

  it('takes 20,000 actors that wait for their turn, and needs no deeper stack for them', () => {
    const n = 20_000
    const go$ = new Subject<never>()
    let drained = 0
    let end = ''
    range(0, n)
      .pipe(
        map((i) => set(`actor ${i}`, i)),
        keepAlarms({ ...instant, write: () => concat(go$, EMPTY), concurrency: 10 }),
      )
      .subscribe({
        next: ({ kind }) => kind === 'drained' && drained++,
        complete: () => {
          end = 'complete'
        },
      })
    expect(drained).toBe(0)
    go$.complete()
    expect([drained, end]).toEqual([n, 'complete'])
  })

  it('takes intents that a listener of its own events sends, to the same actor and to others', () => {
    const intents$ = new Subject<KeyedIntent>()
    const seen: string[] = []
    intents$.pipe(keepAlarms(instant)).subscribe((event) => {
      if (event.kind === 'opened' && event.key === 'a') intents$.next(set('b', 9))
      if (event.kind !== 'drained') return
      seen.push(`${event.key}${event.time}`)
      if (event.key === 'a' && event.time === 5) intents$.next(set('a', 3))
    })
    intents$.next(set('a', 5))
    expect(seen).toEqual(['a5', 'b9', 'a3'])
  })

  it('tells nobody what happens to one actor while another one decides', () => {
    const intents$ = new Subject<KeyedIntent>()
    let writing = 0
    const heardInside: string[] = []
    const write = (): Observable<never> => {
      writing++
      if (writing === 1) intents$.next(set('b', 9)) // a user's function that asks another actor
      writing--
      return EMPTY
    }
    const seen: string[] = []
    intents$.pipe(keepAlarms({ ...instant, write })).subscribe(({ key, kind }) => {
      seen.push(`${key} ${kind}`)
      if (writing > 0) heardInside.push(`${key} ${kind}`)
    })
    intents$.next(set('a', 5))
    expect(seen.filter((what) => what.endsWith('drained')).sort()).toEqual(['a drained', 'b drained'])
    expect(heardInside).toEqual([])
  })

  it.each([
    ['load', 'load-failed', 'ALARM_LOAD_FAILED'],
    ['write', 'broken', 'ALARM_PRECOMMIT_FAILED'],
    ['commit', 'broken', 'ALARM_COMMIT_FAILED'],
  ] as const)('tells of a %s that throws, and goes on with the others', (name, kind, code) => {
    const intents$ = new Subject<KeyedIntent>()
    const events: KeyedEvent[] = []
    const outside = world().config
    const unless = <T>(at: string, key: string, call: () => T): T => {
      if (at === name && key === 'bad') throw new Error(`no ${name}`)
      return call()
    }
    intents$
      .pipe(
        keepAlarms({
          ...outside,
          load: (key) => unless('load', key, () => outside.load(key)),
          write: (time, info) => unless('write', info.key, () => outside.write(time, info)),
          commit: (time, info) => unless('commit', info.key, () => outside.commit(time, info)),
        }),
      )
      .subscribe((event) => events.push(event))
    for (const key of ['bad', 'a', 'bad', 'b']) intents$.next(set(key, 5))
    expect(told(events, [kind])).toEqual([`bad ${kind}`, `bad ${kind}`])
    expect(events.find((event) => event.kind === kind)).toMatchObject({
      error: { code, cause: { message: `no ${name}` } },
    })
    expect(told(events, ['drained']).slice(-2)).toEqual(['a drained', 'b drained'])
  })

  it('refuses an intent that nobody can keep, with an event, and changes nothing', () => {
    const { intents$, seen, calls } = kept()
    intents$.next(set('a', 5))
    const { length } = calls
    intents$.next({ kind: 'set', time: 1.5, key: 'a' })
    intents$.next({ ...setAlarm(5), key: 7 as never })
    intents$.next({ kind: 'wake', key: 'a' } as never)
    intents$.next(undefined as never)
    expect(seen.events.slice(-4)).toMatchObject([
      { kind: 'refused', key: 'a', error: { code: 'ALARM_TIME_INVALID' } },
      { kind: 'refused', key: 7, error: { code: 'ALARM_KEY_INVALID' } },
      { kind: 'refused', key: 'a', error: { code: 'ALARM_INTENT_INVALID' } },
      { kind: 'refused', error: { code: 'ALARM_INTENT_INVALID' } },
    ])
    expect(calls).toHaveLength(length)
    intents$.next(set('a', 4))
    expect(told(seen.events).at(-1)).toBe('a drained')
  })

  it('loads an actor anew, under a higher epoch, with the next intent after its alarm broke', () => {
    const { intents$, seen, stored, asks, refuse, answer, calls } = kept()
    intents$.next(set('a', 5))
    asks.add('write')
    intents$.next(set('a', 3))
    refuse('write')
    expect(told(seen.events).slice(-2)).toEqual(['a write-failed', 'a broken'])
    intents$.next(set('a', 4))
    const { fence } = answer('write')
    expect(seen.events.filter(({ kind }) => kind === 'opened')).toMatchObject([
      { time: null, epoch: 1 },
      { time: 5, epoch: 2 },
    ])
    expect(fence).toBeGreaterThan(Math.max(...calls.slice(0, -2).map((call) => call.fence)))
    expect(stored.get('a')).toEqual({ time: 4, epoch: 2 })
  })

  it('passes a source error on, after teardown', () => {
    let torn = false
    const write = () => new Observable(() => () => (torn = true))
    const order: unknown[] = []
    const source = concat(
      of(set('a', 5)),
      throwError(() => new Error('source')),
    )
    source.pipe(keepAlarms({ ...instant, write })).subscribe({
      error: ({ message }) => order.push(message, torn),
    })
    expect(order).toEqual(['source', true])
  })

  it('passes it on too where the teardown of a write throws', async () => {
    const source$ = new Subject<KeyedIntent>()
    const kept = outcome(source$.pipe(keepAlarms({ ...instant, write: badTeardown })))
    source$.next(set('a', 5))
    const thrown = await uncaughtDuring(() => source$.error(new Error('source')))
    expect([kept.end, thrown.length]).toEqual(['source', 1])
  })

  it('asks nothing after it was unsubscribed from within an event', () => {
    for (let events = 1; events <= 12; events++) {
      const calls: string[] = []
      const log = (name: string) => (time: number | null) => {
        calls.push(`${name} ${time}`)
        return EMPTY
      }
      let callsAtEnd = -1
      of(set('a', 5), set('b', 20), set('a', 7))
        .pipe(keepAlarms({ ...instant, commit: log('commit'), write: log('write') }), take(events))
        .subscribe({
          complete: () => {
            callsAtEnd = calls.length
          },
        })
      expect(calls).toHaveLength(callsAtEnd)
    }
  })

  it.each([
    ['load', { load: undefined }],
    ['write', { write: undefined }],
    ['commit', { commit: 5 }],
    ['writeMany', { writeMany: [] }],
    ['commitMany', { commitMany: 'x' }],
    ['discard', { discard: {} }],
    ['concurrency', { concurrency: 0 }],
    ['concurrency', { concurrency: 1.5 }],
    ['idleAfter', { idleAfter: -1 }],
    ['idleAfter', { idleAfter: '1s' }],
    ['maxActors', { maxActors: 0 }],
    ['maxActors', { maxActors: 1.5 }],
    ['reconcile', { reconcile: 1 }],
    ['retry.count', { retry: { count: -1 } }],
    ['scheduler', { scheduler: {} }],
    ['deliveries', { deliveries: NEVER }],
  ])('refuses a config whose %s cannot work: %o', (name, part) => {
    const config = { ...instant, ...part } as unknown as KeepAlarmsConfig
    expect(() => keepAlarms(config)).toThrow(expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }))
    expect(() => keepAlarms(config)).toThrow(name)
  })

  describe('with deliveries', () => {
    it('wakes actors that it loads for it, and keeps what their handlers ask for', async () => {
      const clock = virtualClock(0)
      const manager = memoryManager({ scheduler: clock })
      const { config, stored } = world()
      const intents$ = new Subject<KeyedIntent>()
      const woken: string[] = []
      const seen = watch(
        intents$.pipe(
          keepAlarms({
            ...config,
            write: (time: AlarmTime, info) => manager.write(info.key, time, info),
            scheduler: clock,
            idleAfter: 100,
            deliveries: (fleet) =>
              manager.deliveries((delivery) =>
                fleet.deliver(delivery, ({ scheduledTime }) => {
                  woken.push(`${delivery.key}${scheduledTime}`)
                  if (woken.length < 3) fleet.actor(delivery.key).set(scheduledTime + 1000)
                  return EMPTY
                }),
              ),
          }),
        ),
      )
      intents$.next(set('a', 1000))
      await clock.advance(900)
      expect(seen.at(-1)).toBe('a dropped')
      await clock.advance(5000)
      expect(woken).toEqual(['a1000', 'a2000', 'a3000'])
      expect(stored.get('a')).toMatchObject({ time: null })
      expect(manager.get('a')).toBeNull()
      expect(seen.filter((what) => what === 'a opened')).toHaveLength(4)
    })

    it('ends with their error, and stops them when it is unsubscribed', () => {
      const deliveries$ = new Subject<never>()
      const seen = watch(NEVER.pipe(keepAlarms({ ...instant, deliveries: () => deliveries$ })))
      deliveries$.error(new Error('manager down'))
      expect(seen).toEqual(['manager down'])
      const other$ = new Subject<never>()
      const subscription = NEVER.pipe(keepAlarms({ ...instant, deliveries: () => other$ })).subscribe()
      expect(other$.observed).toBe(true)
      subscription.unsubscribe()
      expect(other$.observed).toBe(false)
      const thrown = watch(NEVER.pipe(keepAlarms({ ...instant, deliveries: refuse('no manager') })))
      expect(thrown).toEqual(['no manager'])
    })

    it('goes on while they do', () => {
      const deliveries$ = new Subject<never>()
      const seen = watch(of(set('a', 5)).pipe(keepAlarms({ ...instant, deliveries: () => deliveries$ })))
      expect(seen.at(-1)).toBe('a drained')
      deliveries$.complete()
      expect(seen.at(-1)).toBe('complete')
    })
  })

  describe('with many at one go', () => {
    const many = (bad: readonly string[] = []) => {
      const clock = virtualClock()
      const { config, late, stored, held } = world()
      const told: string[] = []
      const each =
        (name: 'write' | 'commit') =>
        (all: readonly { key: string; time: AlarmTime; info: never }[]): Observable<(Error | null)[]> => {
          told.push(`${name} ${all.map(({ key, time }) => `${key}${time ?? '-'}`).join(' ')}`)
          return of(
            all.map(({ key, time, info }) => {
              if (bad.includes(`${name} ${key}`)) return new Error(`bad ${key}`)
              const applied = config[name](time, info) as Observable<unknown>
              applied.subscribe()
              return null
            }),
          )
        }
      const intents$ = new Subject<KeyedIntent>()
      const events: KeyedEvent[] = []
      intents$
        .pipe(
          keepAlarms({
            ...config,
            write: refuse('not one by one'),
            commit: refuse('not one by one'),
            writeMany: each('write') as NonNullable<FleetConfig['writeMany']>,
            commitMany: each('commit') as NonNullable<FleetConfig['commitMany']>,
            reconcile: false,
            scheduler: clock,
          }),
        )
        .subscribe((event) => events.push(event))
      return { clock, told, events, intents$, late, stored, held }
    }

    it('writes and commits all of a turn with one call each', async () => {
      const { clock, told: calls, intents$, late, events } = many()
      for (const key of ['a', 'b', 'c']) intents$.next(set(key, 5))
      await clock.advance(0)
      intents$.next(set('a', 3))
      intents$.next(set('b', 8))
      await clock.advance(0)
      expect(calls).toEqual(['write a5 b5 c5', 'commit a5 b5 c5', 'write a3', 'commit b8 a3', 'write b8'])
      expect(told(events, ['drained'])).toHaveLength(5)
      expect(late).toEqual([])
    })

    it('fails one alone whose write or commit is bad', async () => {
      const { clock, events, intents$, stored, late } = many(['write a', 'commit b'])
      for (const key of ['a', 'b', 'c']) intents$.next(set(key, 5))
      await clock.advance(0)
      expect(events.filter(({ kind }) => kind === 'broken')).toMatchObject([
        { key: 'a', error: { code: 'ALARM_PRECOMMIT_FAILED', cause: { message: 'bad a' } } },
        { key: 'b', error: { code: 'ALARM_COMMIT_FAILED', cause: { message: 'bad b' } } },
      ])
      expect(stored.get('c')?.time).toBe(5)
      expect(told(events, ['drained'])).toEqual(['c drained'])
      expect(late).toEqual([])
    })

    it('never has two of a key in one call, nor sends what its actor no longer waits for', async () => {
      const { clock, told: calls, intents$ } = many()
      for (let time = 9; time > 0; time--) intents$.next(set('a', time))
      await clock.advance(0)
      expect(calls).toEqual(['write a9', 'write a1', 'commit a1'])
      intents$.complete()
      await turns()
    })
  })
})
