import { EMPTY, map, NEVER, throwError } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import { memoryManager } from '../../src/ledger/memory-manager.ts'
import { managerContract, rigOf } from '../manager-contract.ts'
import { runSchedule } from '../manager-schedules.ts'
import { virtualClock, withFractions } from '../virtual-clock.ts'

const info = (fence: number) => ({ key: '', move: 'later', fence, attempt: 1 }) as const

describe('memoryManager', () => {
  managerContract((scheduler, options) => memoryManager({ scheduler, ...options }))

  describe('on a clock with fractions', () => {
    managerContract((clock, options) => memoryManager({ scheduler: withFractions(clock), ...options }))
  })

  it('writes synchronously', () => {
    const manager = memoryManager()
    const told: string[] = []
    manager.write('a', 5, info(1)).subscribe({ complete: () => told.push('done') })
    told.push(`holds ${manager.get('a')}`)
    expect(told).toEqual(['done', 'holds 5'])
  })

  it('delivers 100,000 due alarms to synchronous handlers on a flat stack, in order', async () => {
    const clock = virtualClock()
    const { manager, deliver } = rigOf(memoryManager({ scheduler: clock }), clock)
    for (let i = 0; i < 100_000; i++) manager.write(`${i}`, i, info(1)).subscribe()
    const { delivered, outcome } = deliver()
    await clock.advance(0)
    expect(delivered).toHaveLength(100_000)
    expect(delivered.every(({ scheduledTime }, i) => scheduledTime === i)).toBe(true)
    expect(outcome()).toBe('alive')
  }, 60_000)

  it('sees what a synchronous handler does to the others before they are taken', async () => {
    const clock = virtualClock()
    const { t0, manager, deliver } = rigOf(memoryManager({ scheduler: clock }), clock)
    for (const key of ['a', 'b', 'c']) manager.write(key, t0, info(1)).subscribe()
    const { delivered } = deliver(({ key }) => {
      if (key !== 'a') return EMPTY
      manager.write('b', null, info(2)).subscribe()
      manager.write('c', t0 - 5, info(2)).subscribe()
      return EMPTY
    })
    await clock.advance(0)
    expect(delivered.map(({ key, fence }) => [key, fence])).toEqual([
      ['a', 1],
      ['c', 2],
    ])
  })

  it('delivers what was rescheduled at that time of the clock, wherever that is set', async () => {
    const clock = virtualClock()
    const { t0, manager, deliver } = rigOf(memoryManager({ scheduler: clock }), clock)
    manager.write('a', t0, info(1)).subscribe()
    let fails = true
    const { delivered } = deliver(() => (fails ? throwError(() => ({ retry: false })) : EMPTY))
    await clock.advance(0)
    fails = false
    await manager.reschedule('a', t0 + 10_000)
    clock.step(-4_000)
    await clock.advance(13_999)
    expect(delivered).toHaveLength(1)
    await clock.advance(1)
    expect(delivered).toHaveLength(2)
  })

  it('has deliverers that are seen as long as they are subscribed, with or without work', async () => {
    const clock = virtualClock()
    const { t0, manager, deliver } = rigOf(memoryManager({ scheduler: clock }), clock)
    const { stop } = deliver(() => NEVER)
    const sinceSeen = async () => {
      const { at, deliverers } = await manager.stats()
      return deliverers.map(({ seen }) => at - seen)
    }
    await clock.advance(45_000)
    expect(await sinceSeen()).toEqual([0])
    manager.write('hung', t0, info(1)).subscribe()
    await clock.advance(29_000)
    expect(await sinceSeen()).toEqual([0])
    stop()
    expect(await sinceSeen()).toEqual([])
  })

  it('counts what was delivered in the last minute when its deliveries have ended, and once', async () => {
    const clock = virtualClock()
    const { t0, manager, deliver } = rigOf(memoryManager({ scheduler: clock }), clock)
    const fires = async () => Math.round((await manager.stats()).fires * 60)
    for (const second of [0, 1, 2]) {
      manager.write('a', t0, info(second + 1)).subscribe()
      const { stop } = deliver(() => EMPTY)
      await clock.advance(1_000)
      stop()
      expect(await manager.stats()).toMatchObject({ deliverers: [] })
      expect(await fires()).toBe(second + 1)
    }
    await clock.advance(45_000)
    expect(await fires()).toBe(3)
    await clock.advance(12_000)
    expect(await fires()).toBe(0)
    expect((await manager.stats()).lateness.max).toBeNull()
  })

  it('has no timer while it has no work: none holds a process up', async () => {
    const clock = virtualClock()
    const { deliver } = rigOf(memoryManager({ scheduler: clock }), clock)
    deliver()
    await clock.advance(0)
    expect(clock.pending()).toBe(0)
  })

  it('counts no delivery as one of the last minute when it is older, though nothing was reported since', async () => {
    const clock = virtualClock()
    const { t0, manager, deliver } = rigOf(memoryManager({ scheduler: clock }), clock)
    deliver()
    for (const second of [0, 1, 2]) {
      manager.write(`${second}`, t0, info(1)).subscribe()
      await clock.advance(1_000)
    }
    expect((await manager.stats()).fires).toBeGreaterThan(0)
    await clock.advance(59_000)
    expect(await manager.stats()).toMatchObject({ fires: 0, lateness: { max: null } })
  })

  it('neither loses nor doubles an alarm in any of 300 random schedules', async () => {
    for (let seed = 1; seed <= 300; seed++) {
      await runSchedule((scheduler) => memoryManager({ scheduler }), seed)
    }
  }, 60_000)

  it.each([{ lease: 0 }, { lease: 1.5 }, { lease: Infinity }, { lease: '5' }, { scheduler: {} }])(
    'refuses %j',
    (options) => {
      const refusal = expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' })
      expect(() => memoryManager(options as never)).toThrow(refusal)
    },
  )
})

describe('memoryManager on a TestScheduler', () => {
  const testScheduler = () => new TestScheduler((actual, expected) => expect(actual).toEqual(expected))

  it('subscribes to a handler when it is due, and unsubscribes at the end of its lease', () => {
    const scheduler = testScheduler()
    scheduler.run(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const manager = memoryManager({ scheduler, lease: 6 })
      const a = cold('            --|')
      const b = cold('              -------|')
      const writes = hot('     ab-----------------')
      const subscriptionsA = ' ---^-!-------------'
      const subscriptionsB = ['-----^-----!-------', '-----------^-----!']
      const unsubscribed = '   -----------------!'
      const events = '         ---a-(Ab)--(xb)----'

      writes.subscribe((key) => manager.write(key, key === 'a' ? 3 : 5, info(1)).subscribe())
      const events$ = manager.deliveries(({ key }) => (key === 'a' ? a : b))

      const letters = events$.pipe(
        map(({ kind, key }) => ({ done: 'A', expired: 'x' })[kind as string] ?? key),
      )
      expectObservable(letters, unsubscribed).toBe(events)
      expectSubscriptions(a.subscriptions).toBe(subscriptionsA)
      expectSubscriptions(b.subscriptions).toBe(subscriptionsB)
    })
  })

  it('drives days in milliseconds', () => {
    const scheduler = testScheduler()
    scheduler.run(({ expectObservable }) => {
      const day = 86_400_000
      const manager = memoryManager({ scheduler })
      manager.write('a', 3 * day, info(1)).subscribe()
      manager.write('b', 2 * day + 7, info(1)).subscribe()
      const delivered$ = manager.deliveries(({ key }) =>
        key === 'a' ? throwError(() => ({ retry: false })) : EMPTY,
      )
      // days in minutes; a group (bc) takes 4 frames
      expectObservable(delivered$.pipe(map(({ key, kind }) => `${key} ${kind}`)), '5760m !').toBe(
        '2880m 7ms (bc) 86399989ms (def)',
        { b: 'b delivered', c: 'b done', d: 'a delivered', e: 'a failed', f: 'a given-up' },
      )
    })
  })
})
