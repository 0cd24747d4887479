import { EMPTY, NEVER, Observable, type ObservableInput, of, type Subscription, throwError } from 'rxjs'
import { expect, it } from 'vitest'
import type { LedgerManager } from '../src/ledger/ledger-manager.ts'
import { AlarmError, AlarmFencedError } from '../src/vocabulary/errors.ts'
import type { AlarmDelivery, DeliveryEvent, DeliveryOptions } from '../src/vocabulary/manager.ts'
import type { AlarmTime, Move } from '../src/vocabulary/time.ts'
import { turns, type VirtualClock, virtualClock } from './virtual-clock.ts'

export const LEASE = 30_000
const DAY = 86_400_000

export type MakeManager = (clock: VirtualClock, options?: { lease?: number }) => LedgerManager

/** A manager and its clock, with what a test asks of them. */
export function rigOf<M extends LedgerManager>(manager: M, clock: VirtualClock) {
  const t0 = clock.now()
  return {
    manager,
    clock,
    /** the clock when the rig was made: a round number to count from */
    t0,
    write: (key: string, time: AlarmTime, fence: number, move: Move = 'later') => {
      const written$ = manager.write(key, time, { key, move, fence, attempt: 1 })
      return settled(written$)
    },
    deliver(
      handler: (delivery: AlarmDelivery) => ObservableInput<unknown> = () => EMPTY,
      options?: DeliveryOptions,
    ) {
      const events: DeliveryEvent[] = []
      const delivered: (AlarmDelivery & { at: number })[] = []
      let outcome: unknown = 'alive'
      const subscription: Subscription = manager
        .deliveries((delivery) => {
          delivered.push({ ...delivery, at: clock.now() })
          return handler(delivery)
        }, options)
        .subscribe({
          next: (event) => events.push(event),
          error: (error) => {
            outcome = error
          },
          complete: () => {
            outcome = 'complete'
          },
        })
      return {
        events,
        delivered,
        keys: () => delivered.map(({ key }) => key),
        kinds: () => events.map(({ kind }) => kind),
        only: <K extends DeliveryEvent['kind']>(kind: K) =>
          events.filter((event): event is Extract<DeliveryEvent, { kind: K }> => event.kind === kind),
        outcome: () => outcome,
        stop: () => subscription.unsubscribe(),
        /** adds to what ends with it */
        subscription,
      }
    },
  }
}

/** `done`, or the error; resolves when the Observable ends. */
export function settled(source: Observable<unknown>): Promise<unknown> {
  return new Promise((resolve) => {
    source.subscribe({ next: () => resolve('a value'), error: resolve, complete: () => resolve('done') })
  })
}

/** A handler that ends when it is told to, and counts who is at work. */
export function held() {
  const ends: { key: string; done: () => void; fail: (error: unknown) => void }[] = []
  const torn: string[] = []
  let atWork = 0
  let most = 0
  return {
    ends,
    torn,
    most: () => most,
    handler: ({ key }: AlarmDelivery) =>
      new Observable<never>((subscriber) => {
        atWork++
        most = Math.max(most, atWork)
        ends.push({ key, done: () => subscriber.complete(), fail: (error) => subscriber.error(error) })
        return () => {
          atWork--
          torn.push(key)
        }
      }),
  }
}

const uncounted = Object.assign(new Error('the store was away'), { counted: false })

/** What the embedded managers must do beyond what `describeManager` asks of every manager. */
export function managerContract(make: MakeManager): void {
  const rig = (options?: { lease?: number }) => {
    const clock = virtualClock()
    return rigOf(make(clock, options), clock)
  }

  // ---- writes

  it('holds what was written, and completes without a value', async () => {
    const { manager, write } = rig()
    expect(manager.get('a')).toBeNull()
    expect(await write('a', 5_000, 1)).toBe('done')
    expect(manager.get('a')).toBe(5_000)
    expect(await write('a', null, 2)).toBe('done')
    expect(manager.get('a')).toBeNull()
    expect(manager.get('b')).toBeNull()
  })

  it('does nothing before a write is subscribed to, and applies it each time', async () => {
    const { manager } = rig()
    const write$ = manager.write('a', 5_000, {
      key: 'a',
      move: 'later',
      fence: 1,
      attempt: 1,
    }) as Observable<never>
    await turns()
    expect(manager.get('a')).toBeNull()
    expect(await settled(write$)).toBe('done')
    expect(await settled(write$)).toBe('done')
    expect(manager.get('a')).toBe(5_000)
  })

  it('refuses a write below the fence that it holds, and changes nothing', async () => {
    const { manager, write } = rig()
    await write('a', 5_000, 7)
    const error = await write('a', 1_000, 6)
    expect(error).toBeInstanceOf(AlarmFencedError)
    expect(error).toMatchObject({ code: 'ALARM_FENCED', key: 'a', fence: 6, counted: false })
    expect((error as Error).message).toContain('it holds 7')
    expect(manager.get('a')).toBe(5_000)
    expect(await write('b', 1_000, 6)).toBe('done')
  })

  it('applies the fence that it holds again', async () => {
    const { manager, write } = rig()
    await write('a', 5_000, 1)
    expect(await write('a', 5_000, 1)).toBe('done')
    expect(manager.get('a')).toBe(5_000)
    expect(await write('a', 4_000, 1)).toBe('done')
    expect(manager.get('a')).toBe(4_000)
    expect(await write('a', null, 1)).toBe('done')
    expect(manager.get('a')).toBeNull()
  })

  it('is not fooled by a write that arrives again after its alarm was delivered', async () => {
    const { t0, clock, manager, write, deliver } = rig()
    const { keys } = deliver()
    await write('a', t0 + 10, 4)
    await clock.advance(10)
    expect(keys()).toEqual(['a'])
    expect(await write('a', t0 + 10, 4)).toBe('done')
    expect(manager.get('a')).toBeNull()
    await clock.advance(100)
    expect(keys()).toEqual(['a'])
    expect(await write('a', t0 + 5, 3)).toBeInstanceOf(AlarmFencedError)
    // another alarm is another alarm, and a higher fence is another write, even of the same time
    await write('a', t0 + 120, 4)
    await write('b', t0 + 10, 1)
    await clock.advance(100)
    await write('b', t0 + 10, 2)
    await clock.advance(100)
    expect(keys()).toEqual(['a', 'b', 'a', 'b'])
  })

  it('forgets a removal a day later, and nothing else', async () => {
    const { t0, clock, manager, write, deliver } = rig()
    const { keys } = deliver()
    await write('removed', null, 9)
    await write('delivered', t0, 9)
    await write('waiting', t0 + 90 * DAY, 9)
    await write('replaced', null, 9)
    await clock.advance(DAY - 1)
    expect(keys()).toEqual(['delivered'])
    await write('replaced', null, 10)
    for (const key of ['removed', 'delivered'])
      expect(await write(key, t0, 1)).toBeInstanceOf(AlarmFencedError)
    await clock.advance(120_000) // what is old goes with the next writes
    for (const n of [1, 2, 3]) await write(`new ${n}`, t0 + 90 * DAY, 1)
    for (const key of ['waiting', 'replaced'])
      expect(await write(key, t0, 1)).toBeInstanceOf(AlarmFencedError)
    for (const key of ['removed', 'delivered']) expect(await write(key, t0 + 91 * DAY, 1)).toBe('done')
    expect(manager.get('waiting')).toBe(t0 + 90 * DAY)
  })

  it.each([
    ['a time before the epoch', 'a', -1, 1, 'ALARM_TIME_INVALID'],
    ['half a millisecond', 'a', 1.5, 1, 'ALARM_TIME_INVALID'],
    ['NaN', 'a', Number.NaN, 1, 'ALARM_TIME_INVALID'],
    ['Infinity', 'a', Infinity, 1, 'ALARM_TIME_INVALID'],
    ['a time beyond the safe integers', 'a', 2 ** 53, 1, 'ALARM_TIME_INVALID'],
    ['a string for a time', 'a', '1000', 1, 'ALARM_TIME_INVALID'],
    ['no time', 'a', undefined, 1, 'ALARM_TIME_INVALID'],
    ['a key that is no string', 5, 1_000, 1, 'ALARM_KEY_INVALID'],
    ['an enormous key', 'x'.repeat(1_025), 1_000, 1, 'ALARM_KEY_INVALID'],
    ['a lone surrogate', '\ud800', 1_000, 1, 'ALARM_KEY_INVALID'],
    ['a fence below zero', 'a', 1_000, -1, 'ALARM_CONFIG_INVALID'],
    ['half a fence', 'a', 1_000, 1.5, 'ALARM_CONFIG_INVALID'],
    ['a fence beyond the safe integers', 'a', 1_000, 2 ** 53, 'ALARM_CONFIG_INVALID'],
    ['no fence', 'a', 1_000, undefined, 'ALARM_CONFIG_INVALID'],
  ])('refuses %s, and changes nothing', async (_, key, time, fence, code) => {
    const { manager, write } = rig()
    await write('a', 5_000, 1)
    const error = await write(key as string, time as number, fence as number)
    expect(error).toBeInstanceOf(AlarmError)
    expect(error).toMatchObject({ code })
    expect(manager.get('a')).toBe(5_000)
    expect(await write('a', 6_000, 1)).toBe('done')
  })

  it('refuses a write without its info, a key that it cannot hold, deliveries that cannot work', () => {
    const { manager } = rig()
    const refused = (call: () => unknown) => {
      try {
        call()
      } catch (error) {
        return (error as AlarmError).code
      }
      return 'nothing'
    }
    expect(refused(() => manager.get('\udc00'))).toBe('ALARM_KEY_INVALID')
    expect(refused(() => manager.deliveries(undefined as never))).toBe('ALARM_CONFIG_INVALID')
    for (const concurrency of [0, -1, 1.5, Number.NaN, '5' as never]) {
      expect(refused(() => manager.deliveries(() => EMPTY, { concurrency }))).toBe('ALARM_CONFIG_INVALID')
    }
    expect(refused(() => manager.deliveries(() => EMPTY, { abandon: null as never }))).toBe(
      'ALARM_CONFIG_INVALID',
    )
    expect(refused(() => manager.deliveries(() => EMPTY, { concurrency: Infinity }))).toBe('nothing')
    return expect(
      settled(manager.write('a', 5, undefined as never) as Observable<never>),
    ).resolves.toMatchObject({
      code: 'ALARM_CONFIG_INVALID',
    })
  })

  it('takes the largest times and fences that there are', async () => {
    const { manager, write } = rig()
    const most = Number.MAX_SAFE_INTEGER
    await write('a', most, most)
    expect(manager.get('a')).toBe(most)
    expect(await write('a', 1, most - 1)).toBeInstanceOf(AlarmFencedError)
    expect(await write('a', most - 1, most)).toBe('done')
    expect(manager.get('a')).toBe(most - 1)
  })

  it('tells apart all keys', async () => {
    const { t0, clock, manager, write, deliver } = rig()
    const keys = [
      '',
      ' ',
      'a',
      'A',
      'a\0',
      'a\0b',
      '\0',
      '\u{feff}a',
      'é',
      'e\u0301',
      '日本',
      '😀',
      '\ufffd',
      "';--",
    ]
    for (const [i, key] of keys.entries()) await write(key, t0 + 1 + i, 1)
    for (const [i, key] of keys.entries()) expect(manager.get(key)).toBe(t0 + 1 + i)
    const delivered = deliver()
    await clock.advance(100)
    expect(delivered.keys()).toEqual(keys)
    for (const key of keys) expect(manager.get(key)).toBeNull()
  })

  // ---- when

  it('delivers at the time, not before, and tells what it does', async () => {
    const { t0, clock, manager, write, deliver } = rig()
    const { delivered, events } = deliver()
    await write('a', t0 + 5_000, 3)
    await clock.advance(4_999)
    expect(delivered).toEqual([])
    await clock.advance(1)
    const delivery = { key: 'a', scheduledTime: t0 + 5_000, fence: 3, retryCount: 0 }
    expect(delivered).toEqual([{ ...delivery, id: `3-${t0 + 5_000}`, at: t0 + 5_000 }])
    expect(events).toEqual([
      { ...delivery, kind: 'delivered', lateness: 0, at: t0 + 5_000 },
      { ...delivery, kind: 'done', removed: true, at: t0 + 5_000 },
    ])
    expect(manager.get('a')).toBeNull()
    await clock.advance(DAY)
    expect(delivered).toHaveLength(1)
  })

  it('delivers what is past at once, and says how late', async () => {
    const { t0, clock, write, deliver } = rig()
    await write('a', t0 - 700, 1)
    await write('b', 0, 1)
    await clock.advance(300)
    const { events, keys } = deliver()
    await clock.advance(0)
    expect(keys()).toEqual(['b', 'a'])
    expect(events.filter(({ kind }) => kind === 'delivered')).toMatchObject([
      { lateness: t0 + 300 },
      { lateness: 1_000 },
    ])
    await write('c', t0, 1)
    await clock.advance(0)
    expect(keys()).toEqual(['b', 'a', 'c'])
  })

  it('is in time when the clock steps forward', async () => {
    const { t0, clock, write, deliver } = rig()
    const { delivered } = deliver()
    await write('a', t0 + DAY, 1)
    clock.step(DAY)
    await clock.advance(60_000)
    expect(delivered).toHaveLength(1)
  })

  // ---- how many, in which order

  it('runs 100 handlers at a time unless told otherwise, oldest due first, and the next as one ends', async () => {
    for (const [options, limit] of [
      [undefined, 100],
      [{ concurrency: 3 }, 3],
      [{ concurrency: Infinity }, 130],
    ] as const) {
      const { t0, clock, write, deliver } = rig()
      const { handler, ends } = held()
      await Promise.all(Array.from({ length: 130 }, (_, i) => write(`k${i}`, t0 - (i % 13) * 10, 1)))
      const { delivered } = deliver(handler, options)
      await clock.advance(0)
      expect(ends).toHaveLength(limit)
      for (let ended = 1; ended <= 10; ended++) {
        ends[ended - 1]?.done()
        await turns(2)
        expect(ends).toHaveLength(Math.min(130, limit + ended))
      }
      for (let i = 10; i < 130; i++) {
        ends[i]?.done()
        if (i % limit === 0) await turns(2)
      }
      await turns()
      expect(delivered).toHaveLength(130)
      const times = delivered.map(({ scheduledTime }) => scheduledTime)
      expect(times).toEqual([...times].sort((a, b) => a - b))
    }
  })

  it('takes what a handler writes and answers at once', async () => {
    const { t0, clock, manager, write, deliver } = rig()
    await write('a', t0, 1)
    const { delivered, events } = deliver(({ fence }) => {
      const next = fence < 50 ? clock.now() : null
      manager.write('a', next, { key: 'a', move: 'later', fence: fence + 1, attempt: 1 }).subscribe()
      return EMPTY
    })
    await clock.advance(1)
    await turns(200)
    expect(delivered.map(({ fence }) => fence)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    expect(events.filter(({ kind }) => kind === 'failed' || kind === 'expired')).toEqual([])
    expect(manager.get('a')).toBeNull()
  })

  it('delivers one alarm of a key at a time', async () => {
    const { t0, clock, manager, write, deliver } = rig()
    const { handler, ends, most } = held()
    const { delivered, events } = deliver(handler)
    await write('a', t0, 1)
    await clock.advance(0)
    await write('a', t0 + 100, 2)
    await clock.advance(500)
    expect(ends).toHaveLength(1)
    ends[0]?.done()
    await clock.advance(0)
    expect(events[1]).toMatchObject({ kind: 'done', removed: false, fence: 1 })
    expect(delivered).toMatchObject([
      { fence: 1 },
      { fence: 2, scheduledTime: t0 + 100, at: t0 + 500, retryCount: 0 },
    ])
    expect(events[2]).toMatchObject({ kind: 'delivered', lateness: 400 })
    expect(most()).toBe(1)
    expect(manager.get('a')).toBe(t0 + 100)
    ends[1]?.done()
    await clock.advance(0)
    expect(manager.get('a')).toBeNull()
  })

  it('delivers again an alarm that its handler set to the very same time', async () => {
    for (const move of ['same', 'later'] as const) {
      const { t0, clock, write, deliver } = rig()
      const { handler, ends } = held()
      const { delivered } = deliver(handler)
      await write('a', t0, 1)
      await clock.advance(0)
      ends[0]?.fail(new Error('no'))
      await clock.advance(3_000)
      expect(delivered).toMatchObject([{ retryCount: 0 }, { retryCount: 1 }])
      await write('a', t0, 2, move)
      ends[1]?.done()
      await clock.advance(0)
      expect(delivered[2]).toMatchObject({ scheduledTime: t0, fence: 2, retryCount: 0 })
      ends[2]?.done()
      await clock.advance(DAY)
      expect(delivered).toHaveLength(3)
    }
  })

  it('does not take the answer for another alarm under the same fence', async () => {
    const { t0, clock, manager, write, deliver } = rig()
    const { handler, ends } = held()
    deliver(handler)
    await write('a', t0, 1)
    await clock.advance(0)
    await write('a', t0 + 100, 1)
    ends[0]?.done()
    await clock.advance(0)
    expect(manager.get('a')).toBe(t0 + 100)
  })

  it('keeps a removal that comes while the handler runs', async () => {
    const { t0, clock, manager, write, deliver } = rig()
    const { handler, ends } = held()
    const { events, delivered } = deliver(handler)
    await write('a', t0, 1)
    await clock.advance(0)
    await write('a', null, 2)
    expect(manager.get('a')).toBeNull()
    ends[0]?.fail(new Error('no'))
    await clock.advance(DAY)
    expect(events[1]).toMatchObject({ kind: 'failed', retryAt: null })
    expect(delivered).toHaveLength(1)
    expect(await write('a', 5, 1)).toBeInstanceOf(AlarmFencedError)
  })

  // ---- failures

  it('tries a handler that fails 6 times more, then keeps the alarm as failed', async () => {
    const { t0, clock, manager, write, deliver } = rig()
    const error = new Error('no')
    const { delivered, events, only, kinds } = deliver(() => throwError(() => error))
    await write('a', t0, 2)
    await clock.advance(DAY)
    expect(delivered.map(({ retryCount }) => retryCount)).toEqual([0, 1, 2, 3, 4, 5, 6])
    const waits = delivered.slice(1).map(({ at }, i) => at - (delivered[i]?.at ?? 0))
    for (const [i, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(2_000 * 2 ** i)
      expect(wait).toBeLessThanOrEqual(2_500 * 2 ** i)
    }
    const failed = only('failed')
    expect(failed.map(({ retryAt }) => retryAt)).toEqual([...delivered.slice(1).map(({ at }) => at), null])
    for (const event of failed)
      expect(event).toMatchObject({ error, counted: true, scheduledTime: t0, fence: 2 })
    expect(only('delivered').every(({ lateness }) => lateness === 0)).toBe(true)
    const { at } = delivered.at(-1)!
    expect(kinds().slice(-3)).toEqual(['delivered', 'failed', 'given-up'])
    const lastError = { name: 'Error', message: 'no', at }
    expect(events.at(-1)).toMatchObject({ kind: 'given-up', at, lastError })
    expect(await write('a', t0, 1)).toBeInstanceOf(AlarmFencedError)
    expect(await write('a', t0, 2)).toBe('done')
    expect(manager.get('a')).toBe(t0)
    await clock.advance(2 * DAY)
    expect(await write('b', t0, 1)).toBe('done') // which forgets old removals, and nothing else
    await clock.advance(0)
    expect(manager.get('a')).toBe(t0)
    expect(delivered.filter(({ key }) => key === 'a')).toHaveLength(7)
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['returns nothing', () => undefined],
    ['returns a number', () => 5],
    [
      'fails after some values',
      () =>
        new Observable((s) => {
          s.next(1)
          s.next(2)
          s.error(new Error('no'))
        }),
    ],
    ['fails with nothing', () => throwError(() => undefined)],
  ])('counts a handler that %s as failed', async (_, handler) => {
    const { t0, clock, write, deliver } = rig()
    const { delivered, only, outcome } = deliver(handler as never)
    await write('a', t0, 1)
    await clock.advance(3_000)
    expect(delivered.map(({ retryCount }) => retryCount)).toEqual([0, 1])
    expect(only('failed')).toMatchObject([{ counted: true }, { counted: true }])
    expect(outcome()).toBe('alive')
  })

  it('takes many values, and an end said twice, for one answer', async () => {
    const { t0, clock, manager, write, deliver } = rig()
    const { kinds } = deliver(
      () =>
        new Observable((s) => {
          for (let i = 0; i < 1_000; i++) s.next(i)
          s.complete()
          s.complete()
        }),
    )
    await write('a', t0, 1)
    await clock.advance(DAY)
    expect(kinds()).toEqual(['delivered', 'done'])
    expect(manager.get('a')).toBeNull()
  })

  it('counts only what counts, and waits by all', async () => {
    const { t0, clock, write, deliver } = rig()
    let n = 0
    const { delivered } = deliver(() => throwError(() => (n++ % 2 === 0 ? uncounted : new Error('no'))))
    await write('a', t0, 1)
    await clock.advance(40_000)
    expect(delivered.map(({ retryCount }) => retryCount)).toEqual([0, 0, 1, 1, 2])
    expect((delivered[4]?.at ?? 0) - (delivered[3]?.at ?? 0)).toBeGreaterThanOrEqual(16_000)
  })

  it('delivers a set during the back-off at its own time, with its own retries', async () => {
    const { t0, clock, write, deliver } = rig()
    const { delivered } = deliver(({ fence }) => (fence === 1 ? throwError(() => new Error('no')) : EMPTY))
    for (const key of ['a', 'b', 'c', 'd']) await write(key, t0, 1)
    await clock.advance(15_000) // three failures of each: in back-off until 30 s
    expect(delivered).toHaveLength(12)
    await write('a', t0 + 16_000, 2)
    await write('b', t0 + 1, 2)
    await write('c', null, 2)
    await write('d', t0, 2, 'earlier') // there and back
    await clock.advance(DAY)
    expect(delivered.slice(12).map(({ key, at, retryCount }) => [key, at - t0, retryCount])).toEqual([
      ['d', 15_000, 0],
      ['b', 15_000, 0],
      ['a', 16_000, 0],
    ])
  })

  it('lets a newer alarm stand when the handler that set it fails', async () => {
    const { t0, clock, write, deliver } = rig()
    const { handler, ends } = held()
    const { delivered, only } = deliver(handler)
    await write('a', t0, 1)
    await write('b', t0, 1)
    await clock.advance(0)
    await write('a', t0 + 50, 2)
    await write('b', t0 + 500, 2)
    await clock.advance(100)
    for (const { fail } of [...ends]) fail(new Error('no'))
    await clock.advance(0)
    expect(delivered.slice(2)).toMatchObject([{ key: 'a', fence: 2, retryCount: 0, at: t0 + 100 }])
    expect(only('failed')).toMatchObject([
      { retryAt: null, fence: 1 },
      { retryAt: null, fence: 1 },
    ])
    await clock.advance(399)
    expect(delivered).toHaveLength(3)
    await clock.advance(1)
    expect(delivered[3]).toMatchObject({ key: 'b', fence: 2, retryCount: 0 })
  })

  // ---- abandon

  it('gives up at once on retry: false, and asks abandon what stands', async () => {
    const { t0, clock, manager, write, deliver } = rig()
    const asked: unknown[] = []
    const { kinds, events } = deliver(() => throwError(() => ({ retry: false })), {
      abandon: (key, scheduledTime) => {
        asked.push([key, scheduledTime, clock.now() - t0])
        return of(null)
      },
    })
    await write('a', t0 + 10, 1)
    await clock.advance(DAY)
    expect(asked).toEqual([['a', t0 + 10, 10]])
    expect(kinds()).toEqual(['delivered', 'failed', 'abandoned'])
    expect(events[1]).toMatchObject({ retryAt: null, counted: true })
    expect(manager.get('a')).toBeNull()
  })

  it('sets the newer alarm that abandon returns, with retries of its own', async () => {
    const { t0, clock, manager, write, deliver } = rig()
    const { delivered, only } = deliver(
      ({ scheduledTime }) => (scheduledTime === t0 ? throwError(() => 'no') : EMPTY),
      {
        abandon: () => Promise.resolve(t0 + DAY),
      },
    )
    await write('a', t0, 1)
    await clock.advance(DAY / 2)
    expect(only('abandoned')).toMatchObject([{ kept: t0 + DAY, scheduledTime: t0 }])
    expect(manager.get('a')).toBe(t0 + DAY)
    expect(delivered).toHaveLength(7)
    await clock.advance(DAY / 2)
    expect(delivered[7]).toMatchObject({ scheduledTime: t0 + DAY, at: t0 + DAY, retryCount: 0, fence: 1 })
    expect(manager.get('a')).toBeNull()
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('away')
      },
    ],
    ['fails', () => throwError(() => new Error('away'))],
    ['fails in a way that would abandon', () => throwError(() => ({ retry: false }))],
    ['returns nothing', () => undefined],
    ['returns no alarm time', () => of('soon')],
    ['resolves to nothing', () => Promise.resolve()],
  ])('asks again, not counting, when abandon %s', async (_, fault) => {
    const { t0, clock, manager, write, deliver } = rig()
    const asked: number[] = []
    const { delivered, only } = deliver(() => throwError(() => ({ retry: false })), {
      abandon: () => {
        asked.push(clock.now() - t0)
        return asked.length < 12 ? (fault as () => never)() : of(null)
      },
    })
    await write('a', t0, 1)
    await clock.advance(0)
    expect(manager.get('a')).toBe(t0)
    await clock.advance(DAY)
    expect(asked).toHaveLength(12)
    expect(
      asked.slice(1).every((at, i) => at - (asked[i] ?? 0) >= 2_000 && at - (asked[i] ?? 0) <= 1_024_000),
    ).toBe(true)
    expect(delivered).toHaveLength(1)
    expect(
      only('failed')
        .slice(1)
        .every(({ counted, retryAt }) => !counted && retryAt !== null),
    ).toBe(true)
    expect(only('abandoned')).toHaveLength(1)
    expect(manager.get('a')).toBeNull()
  })

  it('lets a write that comes while abandon is asked stand', async () => {
    for (const kept of [null, 5]) {
      const { t0, clock, manager, write, deliver } = rig()
      const { handler, ends } = held()
      const { only, delivered } = deliver(
        ({ fence }) => (fence === 1 ? throwError(() => ({ retry: false })) : EMPTY),
        {
          abandon: (key) =>
            new Observable((s) =>
              handler({ key } as never).subscribe({
                complete: () => {
                  s.next(kept)
                  s.complete()
                },
              }),
            ),
        },
      )
      await write('a', t0, 1)
      await clock.advance(0)
      await write('a', t0 + 100, 2)
      ends[0]?.done()
      await clock.advance(0)
      expect(only('abandoned')).toMatchObject([{ kept: t0 + 100 }])
      expect(manager.get('a')).toBe(t0 + 100)
      await clock.advance(100)
      expect(delivered[1]).toMatchObject({ fence: 2, at: t0 + 100, retryCount: 0 })
    }
  })

  it('does not ask for ever about an alarm that its actor wrote once more', async () => {
    const { t0, clock, write, deliver } = rig()
    let asked = 0
    const { delivered } = deliver(() => throwError(() => ({ retry: false })), {
      abandon: () => {
        asked++
        return asked > 3
          ? [null]
          : new Observable((s) => {
              write('a', t0, 1 + asked, 'same').then(() => {
                s.next(null)
                s.complete()
              })
            })
      },
    })
    await write('a', t0, 1)
    await clock.advance(0)
    await turns(60)
    await clock.advance(DAY)
    expect(asked).toBe(4)
    expect(delivered.map(({ retryCount }) => retryCount)).toEqual([0, 0, 0, 0])
  })

  // ---- leases

  it('stops a handler that has not answered when its lease ends, and delivers again without counting', async () => {
    const { t0, clock, write, deliver, manager } = rig()
    const { handler, ends, torn, most } = held()
    const { delivered, kinds, events } = deliver(handler)
    await write('a', t0, 1)
    await clock.advance(LEASE - 1)
    expect(torn).toEqual([])
    await clock.advance(1)
    expect(torn).toEqual(['a'])
    expect(kinds()).toEqual(['delivered', 'expired', 'delivered'])
    expect(events[1]).toMatchObject({ key: 'a', scheduledTime: t0, fence: 1, retryCount: 0, at: t0 + LEASE })
    expect(events[2]).toMatchObject({ lateness: 0 })
    expect(delivered[1]).toMatchObject({ retryCount: 0, at: t0 + LEASE })
    ends[0]?.done() // too late: nobody listens
    await clock.advance(0)
    expect(manager.get('a')).toBe(t0)
    await clock.advance(3 * LEASE)
    expect(delivered).toHaveLength(5)
    expect(delivered.every(({ retryCount }) => retryCount === 0)).toBe(true)
    ends[4]?.done()
    await clock.advance(DAY)
    expect(delivered).toHaveLength(5)
    expect(most()).toBe(1)
  })

  it('frees its place too, and takes the lease that it is told', async () => {
    const { t0, clock, write, deliver } = rig({ lease: 500 })
    for (const key of ['a', 'b', 'c']) await write(key, t0, 1)
    const { keys } = deliver(({ key }) => (key === 'a' ? NEVER : EMPTY), { concurrency: 1 })
    await clock.advance(499)
    expect(keys()).toEqual(['a'])
    await clock.advance(1)
    expect(keys()).toEqual(['a', 'b', 'c', 'a']) // whoever waited longer goes first
  })

  it('keeps each lease when the clock is stepped back', async () => {
    const { t0, clock, write, deliver } = rig()
    const { torn, handler } = held()
    deliver(handler)
    await write('a', t0, 1)
    await clock.advance(10_000)
    clock.step(-20_000)
    await write('b', t0 - 15_000, 1)
    await clock.advance(LEASE - 10_001)
    expect(torn).toEqual([])
    await clock.advance(1)
    expect(torn).toEqual(['a'])
    await clock.advance(10_000)
    expect(torn).toEqual(['a', 'b'])
  })

  it('lets a newer alarm wait for the lease of a handler that never answers', async () => {
    const { t0, clock, write, deliver } = rig()
    const { handler, most } = held()
    const { delivered, kinds } = deliver(handler)
    await write('a', t0, 1)
    await write('b', t0, 1)
    await write('c', t0, 1)
    await clock.advance(100)
    await write('a', t0 + 200, 2)
    await write('b', t0 + LEASE + 200, 2)
    await write('c', null, 2)
    await clock.advance(LEASE - 101)
    expect(delivered).toHaveLength(3)
    await clock.advance(1)
    expect(delivered.slice(3)).toMatchObject([{ key: 'a', fence: 2, retryCount: 0 }])
    expect(kinds().filter((kind) => kind === 'expired')).toHaveLength(3)
    await clock.advance(199)
    expect(delivered).toHaveLength(4)
    await clock.advance(1)
    expect(delivered[4]).toMatchObject({ key: 'b', fence: 2 })
    await clock.advance(1)
    expect(most()).toBe(3)
    expect(delivered.filter(({ key }) => key === 'c')).toHaveLength(1)
  })

  it('stops handlers and gives their alarms back when it is unsubscribed', async () => {
    const { t0, clock, write, deliver } = rig()
    const { handler, ends, torn } = held()
    const first = deliver(handler)
    await write('a', t0, 1)
    await write('b', t0, 1)
    await clock.advance(0)
    ends[0]?.fail(new Error('no'))
    await clock.advance(3_000)
    expect(first.delivered.map(({ key, retryCount }) => [key, retryCount])).toEqual([
      ['a', 0],
      ['b', 0],
      ['a', 1],
    ])
    first.stop()
    expect(torn).toEqual(['a', 'b', 'a'])
    const second = deliver()
    await clock.advance(0)
    expect(second.delivered.map(({ key, retryCount }) => [key, retryCount])).toEqual([
      ['b', 0],
      ['a', 1],
    ])
    expect(second.events[0]).toMatchObject({ kind: 'delivered', lateness: 3_000 })
    await clock.advance(DAY)
    expect(second.delivered).toHaveLength(2)
    expect(first.delivered).toHaveLength(3)
    expect(first.outcome()).toBe('alive')
  })

  it('does not start a handler whose subscriber leaves when told of the delivery', async () => {
    const { t0, clock, manager, write, deliver } = rig()
    for (const key of ['a', 'b', 'c']) await write(key, t0, 1)
    let started = 0
    const subscription = manager
      .deliveries(() => {
        started++
        return EMPTY
      })
      .subscribe(({ kind }) => {
        if (kind === 'delivered') subscription.unsubscribe()
      })
    await clock.advance(0)
    expect(started).toBe(0)
    const { keys } = deliver()
    await clock.advance(0)
    expect(keys()).toEqual(['a', 'b', 'c'])
  })

  it('lets a handler end the deliveries that it belongs to', async () => {
    const { t0, clock, write, deliver } = rig()
    for (const key of ['a', 'b']) await write(key, t0, 1)
    let torn = 0
    const first = deliver(() => {
      first.stop()
      return new Observable(() => () => torn++)
    })
    await clock.advance(0)
    expect(torn).toBe(1)
    const second = deliver()
    await clock.advance(0)
    expect(second.keys()).toEqual(['a', 'b'])
  })

  it('gives back what was taken when it is unsubscribed by what else happened in that turn', async () => {
    const { t0, clock, manager, write, deliver } = rig()
    const { handler, ends } = held()
    const first = deliver(handler, { concurrency: 1 })
    await write('a', t0, 1)
    await clock.advance(0)
    await write('b', t0, 1)
    manager
      .write('c', t0 + DAY, { key: 'c', move: 'later', fence: 1, attempt: 1 })
      .subscribe({ complete: () => first.stop() })
    ends[0]?.done()
    await turns()
    expect(ends).toHaveLength(1)
    const { delivered } = deliver()
    await clock.advance(0)
    expect(delivered.map(({ key }) => key)).toContain('b')
  })

  it('leaves nothing behind on the scheduler', async () => {
    const { t0, clock, write, deliver } = rig()
    const { stop } = deliver()
    await write('a', t0 + DAY, 1)
    await clock.advance(10)
    expect(clock.pending()).toBeGreaterThan(0)
    stop()
    expect(clock.pending()).toBe(0)
  })

  it('keeps the answers that came before it was unsubscribed', async () => {
    const { t0, clock, manager, write, deliver } = rig()
    const { handler, ends } = held()
    const { stop } = deliver(handler)
    await write('a', t0, 1)
    await clock.advance(0)
    ends[0]?.done()
    stop()
    expect(manager.get('a')).toBeNull()
    const { keys } = deliver()
    await clock.advance(DAY)
    expect(keys()).toEqual([])
  })

  it('shares the alarms among its subscribers, each delivered to one', async () => {
    const { t0, clock, write, deliver } = rig()
    const [one, two] = [held(), held()]
    const first = deliver(one.handler, { concurrency: 2 })
    const second = deliver(two.handler, { concurrency: 2 })
    for (const key of ['a', 'b', 'c', 'd']) await write(key, t0 + 10, 1)
    await clock.advance(10)
    expect([...first.keys(), ...second.keys()].sort()).toEqual(['a', 'b', 'c', 'd'])
    expect([first.keys().length, second.keys().length]).toEqual([2, 2])
    // a newer alarm waits for the lease of the other
    const theirs = first.keys()[0] as string
    for (const { done } of [...two.ends]) done()
    await write(theirs, t0 + 20, 2)
    await clock.advance(100)
    expect(second.keys()).toHaveLength(2)
    first.stop()
    await clock.advance(0)
    expect(second.keys().slice(2).sort()).toEqual(first.keys().sort())
  })

  it('stops the handler of one subscriber before another one delivers its alarm again', async () => {
    const { t0, clock, write, deliver } = rig()
    const { handler, most, ends } = held()
    const [first, second] = [deliver(handler, { concurrency: 1 }), deliver(handler, { concurrency: 1 })]
    await write('a', t0, 1)
    await write('b', t0, 1)
    await clock.advance(0)
    ends[1]?.done() // whoever had b waits for a
    await clock.advance(LEASE)
    expect([first.keys().length, second.keys().length]).toContain(2)
    expect(ends.map(({ key }) => key)).toEqual(['a', 'b', 'a'])
    expect(most()).toBe(2)
    await clock.advance(3 * LEASE)
    expect(most()).toBe(2)
  })

  it('tears a handler down before its key is delivered again', async () => {
    const { t0, clock, write, deliver } = rig()
    const { handler, ends, most, torn } = held()
    const { keys } = deliver(handler)
    await write('a', t0, 1)
    await clock.advance(0)
    await write('a', t0, 2)
    ends[0]?.done()
    await clock.advance(0)
    expect(keys()).toEqual(['a', 'a'])
    expect(torn).toEqual(['a'])
    expect(most()).toBe(1)
  })

  it('wakes the other subscriber for what one of them has put back', async () => {
    const { t0, clock, write, deliver } = rig()
    const first = deliver(() => throwError(() => new Error('no')), { concurrency: 1 })
    await write('a', t0, 1)
    await clock.advance(1)
    const { retryAt } = first.only('failed')[0] as { retryAt: number }
    const second = deliver()
    await clock.advance(1)
    first.stop()
    await clock.advance(retryAt - clock.now() - 1)
    expect(second.keys()).toEqual([])
    await clock.advance(1)
    expect(second.delivered).toMatchObject([{ key: 'a', retryCount: 1, at: retryAt }])
  })

  it('survives a teardown that throws', async () => {
    const { t0, clock, write, deliver } = rig()
    const thrown: unknown[] = []
    const uncaught = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (error) => thrown.push(error))
    const { stop, kinds } = deliver(
      ({ key, retryCount }) =>
        new Observable(() => () => {
          if (retryCount === 0) throw new Error(`torn ${key}`)
        }),
    )
    await write('a', t0, 1)
    await write('b', t0, 1)
    await clock.advance(LEASE)
    await turns()
    expect(kinds()).toEqual(['delivered', 'delivered', 'expired', 'expired', 'delivered', 'delivered'])
    stop()
    await turns()
    process.removeAllListeners('uncaughtException')
    for (const listener of uncaught) process.on('uncaughtException', listener)
    expect(thrown.map((error) => String(error).match(/torn ./)?.[0])).toEqual([
      'torn a',
      'torn b',
      'torn a',
      'torn b',
    ])
    const { keys } = deliver()
    await clock.advance(0)
    expect(keys()).toEqual(['a', 'b'])
  })
}
