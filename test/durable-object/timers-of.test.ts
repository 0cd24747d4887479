import { Cron } from 'croner'
import { describe, expect, it, vi } from 'vitest'
import {
  cronWith,
  type ObjectHandler,
  type ObjectTimers,
  type ObjectTimersOptions,
  timersOf,
} from '../../src/durable-object/index.ts'
import { type FakeStorage, fakeStorage } from './fake-storage.ts'

const coded = (code: string) => expect.objectContaining({ code })
const TABLES = ['_nolater_timer_sets', '_nolater_timers']

interface Life {
  readonly storage: FakeStorage
  readonly timers: ObjectTimers
  readonly handled: string[]
  now: number
  /** The platform delivers the alarm when it is due. */
  wake(handler?: ObjectHandler, abandon?: ObjectHandler): Promise<void>
  names(): string[]
}

function open(storage: FakeStorage = fakeStorage(), options: ObjectTimersOptions = {}): Life {
  const life: Life = {
    storage,
    now: 0,
    timers: timersOf(storage, { now: () => life.now, ...options }),
    handled: [],
    async wake(handler = () => {}, abandon) {
      life.now = Math.max(life.now, storage.alarm ?? 0)
      const noted: ObjectHandler = (timer) => {
        life.handled.push(`${timer.name} ${life.now}`)
        return handler(timer)
      }
      await storage.wake((info) => life.timers.deliver(info, noted, abandon && { abandon }))
    },
    names: () => life.timers.list().map(({ name }) => name),
  }
  return life
}

const boom = (more?: object): never => {
  throw Object.assign(new Error('boom'), more)
}

describe('timers of a Durable Object', () => {
  it('keep its alarm at the earliest of them, in the transaction of the turn', () => {
    const { timers, storage, names } = open()
    timers.set('b', 20)
    timers.set('a', new Date(10))
    timers.setIn('c', 30)
    timers.set('d', { in: 40 })
    expect([storage.alarm, timers.get('a'), timers.get('d'), timers.get('e')]).toEqual([10, 10, 40, null])
    storage.commit()
    expect(timers.delete('a')).toBe(true)
    expect(timers.delete('a')).toBe(false)
    expect([storage.alarm, names()]).toEqual([20, ['b', 'c', 'd']])
    storage.kill()
    expect([storage.alarm, names()]).toEqual([10, ['a', 'b', 'c', 'd']])
    expect(timers.deleteAll()).toBe(4)
    expect(storage.alarm).toBe(null)
  })

  it('await nothing between the row and the alarm', () => {
    const { timers, storage } = open()
    timers.set('a', 10)
    expect(storage.alarm).toBe(10)
    timers.every('b', { interval: 5 })
    expect(storage.alarm).toBe(5)
  })

  it.each([
    ['a name', 'ALARM_KEY_INVALID', ['\ud800', 1]],
    ['a time', 'ALARM_TIME_INVALID', ['a', Number.NaN]],
    ['a delay', 'ALARM_TIME_INVALID', ['a', { in: -1 }]],
    ['an option', 'ALARM_CONFIG_INVALID', ['a', 1, { paylaod: 1 }]],
    ['a Date in a payload', 'ALARM_VALUE_INVALID', ['a', 1, { payload: { at: new Date(0) } }]],
    ['a number in a payload', 'ALARM_VALUE_INVALID', ['a', 1, { payload: [Number.NaN] }]],
    ['a hole in a payload', 'ALARM_VALUE_INVALID', ['a', 1, { payload: [undefined] }]],
    ['a cycle', 'ALARM_VALUE_INVALID', ['a', 1, { payload: globalThis }]],
  ])('refuse %s that cannot be kept, before anything has changed', (_, code, args) => {
    const { timers, storage, names } = open()
    timers.set('first', 7)
    expect(() => timers.set(...(args as Parameters<typeof timers.set>))).toThrow(coded(code))
    expect([storage.alarm, names()]).toEqual([7, ['first']])
  })

  it('refuse a delay given as a time, on the clock of the platform', () => {
    const timers = timersOf(fakeStorage())
    expect(() => timers.set('a', 60_000)).toThrow(coded('ALARM_TIME_INVALID'))
    timers.set('a', { in: 60_000 })
    expect(timers.get('a')).toBeGreaterThan(1e12)
  })

  it('change nothing where the alarm cannot be set', () => {
    const { timers, storage, names } = open()
    storage.setAlarm = () => boom()
    expect(() => timers.set('a', 10)).toThrow('boom')
    expect(names()).toEqual([])
  })

  it('go with a transaction that is rolled back, and are right after it', () => {
    const { timers, storage, names } = open()
    timers.set('late', 50)
    const work = () => {
      timers.set('a', 10)
      boom()
    }
    expect(() => storage.transactionSync(work)).toThrow('boom')
    expect([storage.alarm, names()]).toEqual([50, ['late']])
    timers.set('a', 10)
    expect(storage.alarm).toBe(10)
  })

  it('pass allowUnconfirmed on', () => {
    const { timers, storage } = open()
    timers.set('a', 10, { allowUnconfirmed: true })
    timers.delete('a', { allowUnconfirmed: true })
    expect(storage.options).toEqual([{ allowUnconfirmed: true }, { allowUnconfirmed: true }])
  })

  it('are listed by name or by time, in pages', () => {
    const { timers } = open()
    for (const [name, time] of [
      ['b2', 1],
      ['a', 2],
      ['b1', 3],
      ['c', 4],
    ] as const)
      timers.set(name, time)
    const listed = (options: Parameters<typeof timers.list>[0]) =>
      timers.list(options).map(({ name }) => name)
    expect(listed({ prefix: 'b' })).toEqual(['b1', 'b2'])
    expect(listed({ by: 'time' })).toEqual(['b2', 'a', 'b1', 'c'])
    expect(listed({ by: 'time', prefix: 'b', limit: 1 })).toEqual(['b2'])
    const [first] = timers.list({ by: 'time', prefix: 'b' })
    expect(listed({ by: 'time', prefix: 'b', after: first! })).toEqual(['b1'])
    expect(listed({ after: timers.read('b1')! })).toEqual(['b2', 'c'])
    expect(listed({ state: 'failed' })).toEqual([])
  })
})

describe('a delivery', () => {
  it('handles what is due in the order of the times, each with its payload, then sets the alarm to the next', async () => {
    const life = open()
    life.timers.set('b', 20, { payload: { to: ['b', null] } })
    life.timers.set('a', 10)
    life.timers.set('c', 90)
    life.now = 25
    const infos: unknown[] = []
    await life.wake((timer) => infos.push(timer))
    expect(infos).toEqual([
      { id: '2', name: 'a', scheduledTime: 10, retryCount: 0, isRetry: false, payload: undefined },
      { id: '1', name: 'b', scheduledTime: 20, retryCount: 0, isRetry: false, payload: { to: ['b', null] } },
    ])
    expect([life.storage.alarm, life.names()]).toEqual([90, ['c']])
    await life.wake()
    expect([life.storage.alarm, life.names(), life.handled]).toEqual([null, [], ['a 25', 'b 25', 'c 90']])
  })

  it('has what a synchronous handler changes in one commit with the end of its timer', () => {
    const { timers, storage, names } = open()
    timers.set('a', 10)
    storage.commit()
    void timers.deliver({}, () => storage.sql.exec('CREATE TABLE effect (x)'))
    storage.kill()
    expect([storage.tables(), names(), storage.alarm]).toEqual([TABLES, ['a'], 10])
  })

  it('keeps a timer, with its alarm, until its handler is over', async () => {
    const life = open()
    const working = Promise.withResolvers<void>()
    life.timers.set('a', 10)
    const woken = life.wake(() => working.promise)
    life.timers.set('b', 60)
    life.storage.commit()
    expect([life.timers.get('a'), life.names(), life.storage.alarm]).toEqual([null, ['a', 'b'], 10])
    working.resolve()
    await woken
    expect([life.names(), life.storage.alarm]).toEqual([['b'], 60])
  })

  it('leaves a timer that its handler sets again, to the same time too, and gives that another id', async () => {
    const life = open()
    const ids: string[] = []
    life.timers.set('a', 10)
    await life.wake(({ name, id }) => {
      ids.push(id)
      if (ids.length === 1) life.timers.set(name, 10)
    })
    expect([life.names(), life.storage.alarm]).toEqual([['a'], 11]) // cloudflare/workerd#6866: not the time that is delivered
    await life.wake(({ id }) => ids.push(id))
    expect([ids, life.names()]).toEqual([['1', '2'], []])
  })

  it('backs a failed timer off by itself, six times, and keeps it as failed', async () => {
    const life = open()
    life.timers.set('bad', 10)
    life.timers.set('good', 10)
    await life.wake(({ name }) => (name === 'bad' ? boom() : undefined))
    expect([life.names(), life.handled]).toEqual([['bad'], ['bad 10', 'good 10']])
    expect(life.storage.alarm).toBeGreaterThanOrEqual(2_010)
    for (let i = 0; i < 6; i++) await life.wake(() => Promise.reject(new Error('boom again')))
    expect(life.handled).toHaveLength(8)
    expect(life.storage.alarm).toBe(null)
    expect(life.timers.read('bad')).toMatchObject({
      state: 'failed',
      failures: 7,
      lastError: { message: 'boom again' },
    })
    expect([life.timers.retry('bad'), life.storage.alarm]).toEqual([true, life.now + 1])
    await life.wake()
    expect(life.names()).toEqual([])
  })

  it('gives a timer without a retry left to abandon', async () => {
    const life = open()
    const abandoned: string[] = []
    life.timers.set('a', 10)
    const abandon = ({ name }: { name: string }) => abandoned.push(name)
    await life.wake(() => boom({ retry: false }), abandon)
    await life.wake(undefined, abandon)
    expect([abandoned, life.names(), life.storage.alarm]).toEqual([['a'], [], null])
  })

  it.each([{ retryable: true }, { durableObjectReset: true }, { counted: false }])(
    'does not count the errors of the platform: %o',
    async (more) => {
      const life = open()
      life.timers.set('a', 10)
      for (let i = 0; i < 9; i++) await life.wake(() => boom(more))
      expect(life.timers.read('a')).toMatchObject({
        state: 'backing-off',
        failures: 9,
        lastError: { message: 'boom' },
      })
    },
  )

  it.each(['SELECT', 'DELETE'])(
    'sets the alarm again, and does not reject, where a %s fails',
    async (failing) => {
      const reported = vi.spyOn(console, 'error').mockImplementation(() => {})
      const life = open()
      life.timers.set('a', 10)
      life.storage.failing = failing
      await life.wake()
      expect(life.storage.alarm).toBeGreaterThanOrEqual(2_011)
      await life.wake()
      expect(life.storage.alarm! - life.now).toBeGreaterThan(4_000)
      expect(reported).toHaveBeenCalledTimes(2)
      life.storage.failing = null
      await life.wake()
      expect(life.names()).toEqual([])
    },
  )

  it('begins no further handler when its time is used up, and is woken for the rest at once', async () => {
    const life = open(fakeStorage(), { budget: 100 })
    for (let i = 0; i < 5; i++) life.timers.set(`${i}`, 10)
    const slow = () => {
      life.now += 60
    }
    await life.wake(slow)
    expect([life.handled.length, life.storage.alarm]).toEqual([2, life.now + 1])
    await life.wake(slow)
    await life.wake(slow)
    expect(life.names()).toEqual([])
  })

  it('commits on the way, where very many are due', async () => {
    const life = open()
    life.storage.transactionSync(() => {
      for (let i = 0; i < 4_000; i++) life.timers.set(`${i}`, 10)
    })
    life.storage.commit()
    const before = life.storage.commits
    await life.wake()
    expect([life.handled.length, life.names(), life.storage.alarm]).toEqual([4_000, [], null])
    expect(life.storage.commits - before).toBe(9)
  })

  it('is one at a time', async () => {
    const { timers } = open()
    const working = Promise.withResolvers<void>()
    timers.set('a', 0)
    const first = timers.deliver({}, () => working.promise)
    expect(timers.deliver({}, () => boom())).toBe(first)
    working.resolve()
    await first
    expect(timers.list()).toEqual([])
  })

  it('has an alarm of its own after one that was cut off, so that the tries of the platform are not used up', async () => {
    const life = open()
    life.timers.set('a', 10)
    life.now = 10
    void life.timers.deliver({ retryCount: 1, scheduledTime: 10 }, () => new Promise(() => {}))
    await Promise.resolve()
    expect(life.storage.alarm).toBeGreaterThanOrEqual(2_010)
  })

  it('goes on after a handler that never ends and was cut off: that timer backs off, and its end changes nothing', async () => {
    const life = open()
    const hung = Promise.withResolvers<void>()
    life.timers.set('hung', 10)
    life.timers.set('good', 10)
    life.now = 10
    const first = life.timers.deliver({ scheduledTime: 10 }, () => hung.promise)
    await life.timers.deliver({ retryCount: 1, scheduledTime: 10 }, ({ name }) => {
      life.handled.push(name)
    })
    expect([life.handled, life.names()]).toEqual([['good'], ['hung']])
    expect(life.timers.read('hung')).toMatchObject({ state: 'backing-off', failures: 1 })
    expect(life.storage.alarm).toBeGreaterThanOrEqual(2_010)
    hung.resolve()
    await first
    expect(life.timers.read('hung')).toMatchObject({ state: 'backing-off', failures: 1 })
    await life.wake()
    expect(life.names()).toEqual([])
  })
})

describe('opening an object', () => {
  it.each([
    ['is missing', null, 11],
    ['is later', 90, 50],
    ['is earlier', 20, 20],
  ])('puts the alarm right where it %s', async (_, alarm, expected) => {
    const { timers, storage } = open()
    timers.set('a', 50)
    if (alarm === null) {
      timers.set('a', 10)
      await storage.deleteAlarm()
    } else await storage.setAlarm(alarm)
    storage.commit()
    const life = { now: 10 }
    timersOf(storage, { now: () => life.now })
    await Promise.resolve()
    await Promise.resolve()
    expect(storage.alarm).toBe(expected)
  })

  it('writes nothing where all is as it should be', async () => {
    const { timers, storage } = open()
    timers.set('a', 50)
    const { moves } = storage
    open(storage)
    open()
    await Promise.resolve()
    expect(storage.moves).toBe(moves)
  })

  it('gives no number that was given before', async () => {
    const life = open()
    life.timers.set('a', 10)
    life.timers.set('b', 20)
    life.timers.delete('b')
    const again = open(life.storage)
    again.timers.set('c', 30)
    expect(again.timers.list().map(({ id }) => id)).toEqual(['1', '3'])
  })
})

describe('deleteAll of the storage', () => {
  it('is noticed: there are no timers, and no tables until there is one', () => {
    const { timers, storage, names } = open()
    expect([timers.get('a'), names(), storage.tables()]).toEqual([null, [], []])
    timers.set('a', 10)
    expect(storage.tables()).toEqual(TABLES)
    storage.deleteAll()
    expect([timers.get('a'), names(), timers.deleteAll(), storage.tables()]).toEqual([null, [], 0, []])
    timers.set('b', 20)
    expect([storage.alarm, names()]).toEqual([20, ['b']])
  })

  it('may be called by a handler, which may set its timer again', async () => {
    const life = open()
    life.timers.set('a', 10)
    await life.wake(({ name }) => {
      life.storage.deleteAll()
      life.timers.set(name, 30)
    })
    expect([life.names(), life.storage.alarm]).toEqual([['a'], 30])
    await life.wake(() => life.storage.deleteAll())
    expect([life.names(), life.storage.alarm, life.storage.tables()]).toEqual([[], null, []])
  })
})

describe('timers that come again', () => {
  it('come so many ms apart, until they are paused', async () => {
    const life = open()
    life.timers.every('tick', { interval: 100 })
    life.timers.every('tick', { interval: 100 })
    for (let i = 0; i < 3; i++) await life.wake()
    expect(life.handled).toEqual(['tick 100', 'tick 200', 'tick 300'])
    expect(life.timers.upcoming('tick', 2)).toEqual([400, 500])
    expect([life.timers.pause('tick'), life.storage.alarm]).toEqual([true, null])
    expect([life.timers.resume('tick'), life.storage.alarm]).toEqual([true, 400])
  })

  it('come by a cron expression, where they are given what reads it', async () => {
    const plan = { cron: '0 9 * * *', timeZone: 'Europe/Berlin' }
    expect(() => open().timers.every('report', plan)).toThrow(coded('ALARM_CONFIG_INVALID'))
    const life = open(fakeStorage(), { cron: cronWith(Cron) })
    life.timers.every('report', plan)
    expect(life.storage.alarm).toBe(Date.parse('1970-01-01T09:00+01:00'))
    await life.wake()
    expect(life.storage.alarm).toBe(Date.parse('1970-01-02T09:00+01:00'))
  })
})
