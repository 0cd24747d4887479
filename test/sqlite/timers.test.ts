import { DatabaseSync } from 'node:sqlite'
import { EMPTY, NEVER, type ObservableInput, of, throwError } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { type AlarmTime, memoryManager } from '../../src/index.ts'
import { type VirtualClock, virtualClock } from '../../src/marbles/index.ts'
import { type ActorStore, type StoredTimerInfo, sqliteStore } from '../../src/sqlite/index.ts'
import { newFile } from './files.ts'

type Handler = (timer: StoredTimerInfo) => ObservableInput<unknown>

interface Life {
  readonly file: string
  readonly clock: VirtualClock
  readonly store: ActorStore
  readonly timers: ActorStore['timers']
  readonly handled: string[]
  /** the alarm that the manager holds */
  held(): AlarmTime
  deliver(handler?: Handler, options?: { abandon?: Handler }): void
}

let lives: Life[] = []
afterEach(() => {
  for (const { store } of lives) store.close()
  lives = []
})

const HOUR = 3_600_000
const coded = (code: string) => expect.objectContaining({ code })

function open(file = newFile(), clock = virtualClock(), manager = memoryManager({ scheduler: clock })): Life {
  const store = sqliteStore({ file, key: 'a', manager, scheduler: clock })
  const handled: string[] = []
  const life: Life = {
    file,
    clock,
    store,
    timers: store.timers,
    handled,
    held: () => manager.get('a'),
    deliver(handler = () => EMPTY, options = {}) {
      manager
        .deliveries((delivery) =>
          store.timers.deliver(
            delivery,
            (info) => {
              handled.push(info.name)
              return handler(info)
            },
            options,
          ),
        )
        .subscribe()
    },
  }
  lives.push(life)
  return life
}

const boom = (more?: object) => throwError(() => Object.assign(new Error('boom'), more))

/** What an outside reader of the file sees: what is durable. */
function durable(file: string): { alarm: AlarmTime; timers: string[] } {
  const db = new DatabaseSync(file, { readOnly: true })
  const { alarm } = db.prepare('SELECT alarm FROM _nolater_actor').get() as { alarm: AlarmTime }
  const rows = db.prepare('SELECT name, due FROM _nolater_timers ORDER BY due, serial').all()
  db.close()
  return { alarm, timers: rows.map(({ name, due }) => `${name} ${due}`) }
}

describe('timers in rows', () => {
  it('keeps the alarm at the earliest of them, in one commit with the state around them', () => {
    const { store, timers, file, held } = open()
    store.transaction(() => {
      store.put('order', 7)
      timers.set('b', 20, { payload: { to: 'b' } })
      timers.set('a', new Date(10))
    })
    expect(durable(file)).toEqual({ alarm: 10, timers: ['a 10', 'b 20'] })
    expect([held(), timers.get('a'), timers.get('b'), timers.get('c')]).toEqual([10, 10, 20, null])
    store.transaction(() => timers.delete('a'))
    expect([durable(file).alarm, held()]).toEqual([20, 20])
    store.transaction(() => timers.set('b', 30))
    expect([durable(file), held()]).toEqual([{ alarm: 30, timers: ['b 30'] }, 30])
    store.transaction(() => timers.delete('b'))
    expect([durable(file).alarm, held()]).toEqual([null, null])
  })

  it('rolls them back with their transaction, the alarm included', () => {
    const { store, timers, file } = open()
    store.transaction(() => timers.set('tea', 60))
    const undone = () =>
      store.transaction(() => {
        timers.set('eggs', 30)
        timers.delete('tea')
        throw new Error('undo')
      })
    expect(undone).toThrow('undo')
    expect([timers.get('tea'), timers.get('eggs'), store.alarm.time]).toEqual([60, null, 60])
    expect(durable(file)).toEqual({ alarm: 60, timers: ['tea 60'] })
  })

  it('handles all that are due in the order of their times, with their payloads, then goes to the next', () => {
    const { store, timers, clock, handled, deliver, file } = open()
    const seen: unknown[] = []
    deliver((info) => of(seen.push(info)))
    clock.step(100)
    store.transaction(() => {
      timers.set('c', 90)
      timers.set('later', 500, { payload: [1] })
      timers.set('a', 70, { payload: new Map([[1, new Date(2)]]) })
      timers.set('b', 80)
    })
    clock.advance(1)
    expect(handled).toEqual(['a', 'b', 'c'])
    expect(seen[0]).toEqual({
      id: '3',
      name: 'a',
      payload: new Map([[1, new Date(2)]]),
      scheduledTime: 70,
      retryCount: 0,
      isRetry: false,
    })
    expect(durable(file)).toEqual({ alarm: 500, timers: ['later 500'] })
    clock.flush()
    expect(handled.at(-1)).toBe('later')
    expect(durable(file)).toEqual({ alarm: null, timers: [] })
  })

  it('leaves what its handlers set meanwhile to the next wake-up', () => {
    const { store, timers, clock } = open()
    store.transaction(() => timers.set('a', 10))
    clock.step(20)
    const seen: string[] = []
    const handler: Handler = ({ name }) => {
      if (seen.push(name) < 10) timers.set(`after ${name}`, clock.now())
      return EMPTY
    }
    timers.deliver({ scheduledTime: 10 }, handler).subscribe()
    expect([seen, store.alarm.time]).toEqual([['a'], 20])
  })

  it('never gives the id of one that is gone to another one, over restarts too', () => {
    const first = open()
    first.store.transaction(() => first.timers.set('a', 10))
    expect(first.timers.read('a')?.id).toBe('1')
    first.store.transaction(() => first.timers.delete('a'))
    first.store.close()
    const second = open(first.file, first.clock)
    second.store.transaction(() => second.timers.set('a', 10))
    expect(second.timers.read('a')?.id).toBe('2')
  })

  it('refuses bad names, times, payloads and options before anything has changed', () => {
    const { store, timers, file } = open()
    const refused = (work: () => void, code: string) =>
      expect(() => store.transaction(work)).toThrow(coded(code))
    refused(() => timers.set('\ud800', 10), 'ALARM_KEY_INVALID')
    refused(() => timers.set('a', 1.5), 'ALARM_TIME_INVALID')
    refused(() => timers.set('a', 10, { payload: () => {} }), 'ALARM_VALUE_INVALID')
    refused(() => timers.set('a', 10, { payloads: 1 } as never), 'ALARM_CONFIG_INVALID')
    refused(() => timers.list({ limit: -1 }), 'ALARM_CONFIG_INVALID')
    expect(durable(file)).toEqual({ alarm: null, timers: [] })
  })

  it('lists them by name and by time, page by page, and deletes those of a prefix', () => {
    const { store, timers } = open()
    const names = ['a/1', 'a/2', 'b/1', 'b\u{10ffff}', '\ufffd', '\u{1f600}', '', 'c\0d', 'c']
    store.transaction(() => {
      for (const [i, name] of names.entries()) timers.set(name, 100 - i)
    })
    const inOrder = ['', 'a/1', 'a/2', 'b/1', 'b\u{10ffff}', 'c', 'c\0d', '\ufffd', '\u{1f600}']
    const all = timers.list()
    expect(all.map(({ name }) => name)).toEqual(inOrder)
    expect(timers.list({ by: 'time' }).map(({ name }) => name)).toEqual(names.toReversed())
    for (const by of ['name', 'time'] as const) {
      const paged: string[] = []
      for (let page = timers.list({ by, limit: 2 }); page.length > 0; ) {
        paged.push(...page.map(({ name }) => name))
        page = timers.list({ by, limit: 2, after: page.at(-1)! })
      }
      expect(paged).toEqual(by === 'name' ? inOrder : names.toReversed())
    }
    expect(timers.list({ prefix: 'b' }).map(({ name }) => name)).toEqual(['b/1', 'b\u{10ffff}'])
    expect(timers.list({ prefix: 'a/', by: 'time', limit: 1 }).map(({ name }) => name)).toEqual(['a/2'])
    expect(store.transaction(() => timers.deleteAll('a/'))).toBe(2)
    expect(store.transaction(() => timers.deleteAll('nothing'))).toBe(0)
    expect(store.transaction(() => timers.deleteAll())).toBe(7)
    expect([timers.list(), store.alarm.time]).toEqual([[], null])
  })

  it('stays with deleteAll as the alarm does, and goes with deleteAlarm', () => {
    const { store, timers, file } = open()
    store.transaction(() => timers.set('a', 10))
    store.transaction(() => store.deleteAll())
    expect(durable(file)).toEqual({ alarm: 10, timers: ['a 10'] })
    store.transaction(() => store.deleteAll({ deleteAlarm: true }))
    expect(durable(file)).toEqual({ alarm: null, timers: [] })
  })
})

describe('a timer whose handler fails', () => {
  it('has retries and a back-off of its own, is kept as failed after the last, and can be tried again', () => {
    const { store, timers, clock, handled, deliver, file } = open()
    let isWell = false
    deliver(({ name }) => (name === 'bad' && !isWell ? boom() : EMPTY))
    store.transaction(() => {
      timers.set('bad', 10, { payload: 'p' })
      timers.set('good', 10_000_000)
    })
    clock.advance(10)
    expect(timers.read('bad')).toMatchObject({
      state: 'backing-off',
      failures: 1,
      lastError: { message: 'boom' },
    })
    clock.advance(9_000_000)
    expect(handled).toEqual(Array(7).fill('bad'))
    expect(timers.get('bad')).toBe(null)
    expect(timers.list({ state: 'failed' })).toMatchObject([
      { name: 'bad', time: 10, due: null, state: 'failed', payload: 'p', failures: 7 },
    ])
    expect(durable(file).alarm).toBe(10_000_000)
    isWell = true
    expect(
      store.transaction(() => [timers.retry('bad'), timers.retry('good'), timers.retry('none')]),
    ).toEqual([true, false, false])
    clock.advance(1)
    expect([handled.length, timers.list({ state: 'failed' })]).toEqual([8, []])
    clock.flush()
    expect(handled.at(-1)).toBe('good')
  })

  it('is discarded, or set again, where it has failed for good', () => {
    const { store, timers, clock, deliver, handled } = open()
    deliver(({ name }) => (handled.length < 3 ? boom({ retry: false }) : of(name)))
    store.transaction(() => timers.set('a', 10))
    store.transaction(() => timers.set('b', 10))
    clock.advance(10)
    expect(timers.list({ state: 'failed' }).map(({ name }) => name)).toEqual(['a', 'b'])
    expect(store.transaction(() => [timers.discard('a'), timers.discard('a')])).toEqual([true, false])
    store.transaction(() => timers.set('b', 10))
    clock.flush()
    expect([handled, timers.list()]).toEqual([['a', 'b', 'b'].slice(0, handled.length), []])
  })

  it('is given to abandon, where there is one, until that succeeds', () => {
    const abandoned: string[] = []
    const { store, timers, clock, deliver } = open()
    deliver(() => boom({ retry: false }), {
      abandon: ({ name }) => (abandoned.push(name) < 3 ? boom() : EMPTY),
    })
    store.transaction(() => timers.set('bad', 10))
    clock.flush()
    expect([abandoned, timers.list()]).toEqual([['bad', 'bad', 'bad'], []])
  })

  it('is given to abandon by the next wake-up, and not by the one in which it failed', () => {
    const { store, timers, clock } = open()
    store.transaction(() => timers.set('bad', 5))
    clock.step(10)
    const calls: string[] = []
    const abandon: Handler = () => of(calls.push('abandoned'))
    const handler: Handler = () => {
      calls.push('handled')
      return boom({ retry: false })
    }
    timers.deliver({ scheduledTime: 5 }, handler, { abandon }).subscribe()
    expect([calls, store.alarm.time]).toEqual([['handled'], 10])
  })

  it('makes no back-off longer where the clock is set back', () => {
    const { store, timers, clock, deliver, handled } = open()
    deliver(({ retryCount }) => (retryCount === 0 ? boom() : EMPTY))
    clock.advance(2 * HOUR)
    store.transaction(() => timers.set('tea', clock.now()))
    clock.advance(10)
    clock.step(-HOUR)
    store.transaction(() => timers.set('eggs', clock.now() + 10 * HOUR))
    expect(store.alarm.time! - clock.now()).toBeLessThanOrEqual(2_500)
    clock.advance(2_500)
    expect(handled).toEqual(['tea', 'tea'])
  })

  it('lets the others go first when its delivery was cut off', () => {
    const { store, timers, clock, deliver, handled } = open()
    deliver(({ name }) => (name === 'hangs' ? NEVER : EMPTY))
    store.transaction(() => {
      timers.set('hangs', 10)
      timers.set('good', 11)
    })
    clock.advance(40_000)
    expect(handled.slice(0, 3)).toEqual(['hangs', 'good', 'hangs'])
  })
})

describe('the alarm at opening', () => {
  it.each([
    ['too late', 'UPDATE _nolater_actor SET alarm = 500', 10],
    ['gone', 'UPDATE _nolater_actor SET alarm = NULL', 10],
    ['too early', 'UPDATE _nolater_actor SET alarm = 5', 10],
  ])('is put right where it is %s', async (_, fault, alarm) => {
    const first = open()
    first.store.transaction(() => first.timers.set('a', 10))
    first.store.close()
    const db = new DatabaseSync(first.file)
    db.exec(fault)
    db.close()
    const second = open(first.file, first.clock)
    await Promise.resolve()
    expect([durable(first.file).alarm, second.held()]).toEqual([alarm, alarm])
  })

  it('stays where there are no timers', async () => {
    const first = open()
    first.store.alarm.set(10)
    first.store.close()
    const second = open(first.file, first.clock)
    await Promise.resolve()
    expect(second.store.alarm.time).toBe(10)
  })

  it('is that of a file of before, which gets the tables; the version stays, for a library that goes back', () => {
    const first = open()
    first.store.put('x', 1)
    first.store.close()
    const db = new DatabaseSync(first.file)
    db.exec('DROP TABLE _nolater_timers; DROP TABLE _nolater_timer_sets')
    const { version } = db.prepare('SELECT version FROM _nolater_actor').get() as { version: number }
    db.close()
    const second = open(first.file, first.clock)
    second.store.transaction(() => second.timers.set('a', 10))
    expect([second.store.get('x'), durable(first.file)]).toEqual([1, { alarm: 10, timers: ['a 10'] }])
    second.store.close()
    const after = new DatabaseSync(first.file)
    expect(after.prepare('SELECT version FROM _nolater_actor').get()).toEqual({ version })
    after.close()
  })
})

describe('deliverBatch', () => {
  it('calls its handler once for all that are due, in one commit with what it changes', () => {
    const { store, timers, clock, file } = open()
    store.transaction(() => {
      for (let i = 0; i < 600; i++) timers.set(`t${i}`, 10)
      timers.set('later', 50)
    })
    const sizes: number[] = []
    clock.step(10)
    let seen: unknown
    timers
      .deliverBatch({ scheduledTime: 10 }, (all) => {
        store.put('done', all.length)
        seen = durable(file)
        return of(sizes.push(all.length))
      })
      .subscribe()
    expect(sizes).toEqual([600])
    expect(seen).toMatchObject({ alarm: 10 })
    expect(store.get('done')).toBe(600)
    expect(store.alarm.time).toBe(50)
  })

  it('tries each again where it fails, and keeps one that was set again meanwhile', () => {
    const { store, timers, clock } = open()
    store.transaction(() => {
      timers.set('a', 10)
      timers.set('b', 10)
    })
    clock.step(10)
    timers
      .deliverBatch({ scheduledTime: 10 }, () => {
        timers.set('b', 70)
        return boom()
      })
      .subscribe()
    expect(timers.read('a')).toMatchObject({ state: 'backing-off', failures: 1 })
    expect(timers.read('b')).toMatchObject({ state: 'pending', time: 70, failures: 0 })
  })
})

describe('very many timers', () => {
  it.each([
    ['one by one', 4_000],
    ['in one batch', 100_000],
    ['one by one', 100_000],
  ])(
    'are handled %s by a synchronous handler, %i of them, on a stack that is no deeper',
    (how, count) => {
      const { store, timers, clock } = open()
      store.transaction(() => {
        for (let i = 0; i < count; i++) timers.set(`t${i}`, 10)
      })
      clock.step(10)
      let handled = 0
      let depth = 0
      const note = (): void => {
        depth = Math.max(depth, new Error().stack!.split('\n').length)
      }
      Error.stackTraceLimit = 1_000
      const outcomes: unknown[] = []
      const delivery =
        how === 'one by one'
          ? timers.deliver({ scheduledTime: 10 }, () => {
              if (++handled % 1_000 === 0) note()
              return EMPTY
            })
          : timers.deliverBatch({ scheduledTime: 10 }, (all) => {
              handled += all.length
              note()
              return EMPTY
            })
      delivery.subscribe({
        next: (outcome) => outcomes.push(outcome),
        error: (error) => outcomes.push(error),
      })
      expect(handled).toBe(count)
      expect(depth).toBeLessThan(200)
      expect([timers.list({ limit: 1 }), store.alarm.time]).toEqual([[], null])
      expect(outcomes).toMatchObject([{ kind: 'ran' }])
    },
    120_000,
  )
})

describe('every', () => {
  const at = (text: string): number => Date.parse(text)

  it('has a timer come again by a cron expression in a time zone, over a restart, as it was planned', () => {
    const clock = virtualClock()
    clock.advance(at('2026-03-27T12:00:00Z'))
    const first = open(undefined, clock)
    const plan = { cron: '30 2 * * *', timeZone: 'Europe/Berlin', payload: 'p' }
    first.store.transaction(() => first.timers.every('report', plan))
    expect(first.timers.upcoming('report', 3).map((time) => new Date(time).toISOString())).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ])
    const seen: unknown[] = []
    first.deliver((info) => of(seen.push(info.payload, info.scheduledTime)))
    clock.advance(at('2026-03-28T12:00:00Z') - clock.now())
    expect(seen).toEqual(['p', at('2026-03-28T01:30:00Z')])
    first.store.close()
    const second = open(first.file, clock)
    second.store.transaction(() => second.timers.every('report', plan))
    expect(second.timers.read('report')).toMatchObject({
      time: at('2026-03-29T01:00:00Z'),
      series: { cron: '30 2 * * *', history: [{ outcome: 'done' }] },
    })
    second.store.transaction(() => second.timers.every('report', { ...plan, cron: '0 9 * * *' }))
    expect(second.timers.read('report')).toMatchObject({
      time: at('2026-03-29T07:00:00Z'),
      series: { history: [] },
    })
    expect(second.store.alarm.time).toBe(at('2026-03-29T07:00:00Z'))
  })

  it('is paused and resumed, and gone when it is deleted', () => {
    const { store, timers, clock, handled, deliver, held } = open()
    deliver()
    store.transaction(() => timers.every('tick', { interval: 100 }))
    clock.advance(250)
    expect(handled).toHaveLength(2)
    expect(
      store.transaction(() => [timers.pause('tick'), timers.pause('tick'), timers.pause('none')]),
    ).toEqual([true, false, false])
    expect([held(), timers.read('tick')?.state]).toEqual([null, 'paused'])
    expect(timers.list({ state: 'paused' })).toHaveLength(1)
    expect(timers.list({ state: 'failed' })).toHaveLength(0)
    clock.advance(1_000)
    expect(handled).toHaveLength(2)
    expect(store.transaction(() => [timers.resume('tick'), timers.resume('tick')])).toEqual([true, false])
    clock.advance(100)
    expect(handled).toHaveLength(3)
    expect(store.transaction(() => timers.delete('tick'))).toBe(true)
    expect(held()).toBe(null)
  })

  it('goes on after a time that is given up, with the others beside it', () => {
    const { store, timers, clock, handled, deliver } = open()
    deliver(({ name }) => (name === 'bad' ? boom({ retry: false }) : EMPTY))
    store.transaction(() => {
      timers.every('bad', { interval: 100 })
      timers.every('good', { interval: 70 })
    })
    clock.advance(215)
    expect(handled).toEqual(['good', 'bad', 'good', 'bad', 'good'])
    expect(timers.read('bad')?.series?.history).toMatchObject([{ outcome: 'failed' }, { outcome: 'failed' }])
  })

  it('refuses a plan with no time to come, before anything has changed', () => {
    const { store, timers } = open()
    for (const options of [
      { cron: '0 0 31 2 *' },
      { interval: 10, end: 0 },
      { cron: 'tea' },
      { interval: 10, every: 1 } as never,
    ])
      expect(() => store.transaction(() => timers.every('a', options))).toThrow(coded('ALARM_CONFIG_INVALID'))
    expect(timers.list()).toEqual([])
  })
})
