import {
  concat,
  defer,
  EMPTY,
  from,
  ignoreElements,
  NEVER,
  Observable,
  type ObservableInput,
  of,
  Subject,
  tap,
  timer,
} from 'rxjs'
import { describe, expect, it } from 'vitest'
import { type Alarm, type AlarmConfig, type AlarmTime, memoryManager, openAlarm } from '../../src/index.ts'
import { type VirtualClock, virtualClock } from '../../src/marbles/index.ts'
import { sqliteStore } from '../../src/sqlite/index.ts'
import { multiplexTimers, type NamedTimers } from '../../src/timers/multiplex-timers.ts'
import type { TimerInfo } from '../../src/timers/named-timers.ts'
import { newTimer } from '../../src/timers/timer.ts'
import { earliest, noTimers, setTimer, type Timers } from '../../src/timers/timers.ts'
import { isBefore } from '../../src/vocabulary/time.ts'
import { dice } from '../dice.ts'
import { newFile } from '../sqlite/files.ts'

/** What the store durably holds. */
interface Row {
  alarm: AlarmTime
  timers: Timers
}

/** An actor on a store of its own, and the manager that wakes it. */
interface Actor {
  readonly clock: VirtualClock
  readonly alarm: Alarm
  readonly timers: NamedTimers
  readonly row: Row
  /** each alarm that was committed, and the names of the timers that went with it */
  readonly commits: string[]
  readonly writes: AlarmTime[]
  /** names of the timers in the order in which their handlers were called */
  readonly handled: string[]
}

type Handler = (timer: TimerInfo) => ObservableInput<unknown>

function open(
  handler: Handler = () => EMPTY,
  more: Partial<AlarmConfig> & { abandon?: Handler; lease?: number } = {},
): Actor {
  const { abandon, lease = 30_000, ...config } = more
  const clock = virtualClock()
  const manager = memoryManager({ scheduler: clock, lease })
  const row: Row = { alarm: null, timers: noTimers }
  let state: Timers | undefined
  const commits: string[] = []
  const writes: AlarmTime[] = []
  const handled: string[] = []
  const alarm = openAlarm({
    scheduler: clock,
    reconcile: false,
    commit(time) {
      Object.assign(row, { alarm: time, timers: state })
      commits.push(`${time}: ${state?.list.map(({ name }) => name)}`)
      return EMPTY
    },
    write(time, info) {
      writes.push(time)
      return manager.write('', time, info)
    },
    ...config,
  })
  const timers = multiplexTimers({
    alarm,
    load: () => state,
    save(next) {
      state = next
    },
    scheduler: clock,
  })
  const handle: Handler = (info) => {
    handled.push(info.name)
    return handler(info)
  }
  manager
    .deliveries((delivery) => timers.deliver(delivery, handle, abandon === undefined ? {} : { abandon }))
    .subscribe()
  return { clock, alarm, timers, row, commits, writes, handled }
}

const boom = (more?: object): Observable<never> =>
  new Observable((subscriber) => subscriber.error(Object.assign(new Error('boom'), more)))

const coded = (code: string) => expect.objectContaining({ code })

describe('multiplexTimers', () => {
  it('keeps the alarm at the earliest timer, in one commit with all of them', () => {
    const { timers, commits, writes } = open()
    timers.set('b', 20)
    timers.set('a', new Date(10))
    timers.set('c', 30)
    expect([timers.get('a'), timers.get('b'), timers.get('c'), timers.get('d')]).toEqual([10, 20, 30, null])
    expect(timers.delete('a')).toBe(true)
    expect(timers.delete('a')).toBe(false)
    timers.set('b', 40)
    expect(commits).toEqual(['20: b', '10: a,b', '10: a,b,c', '20: b,c', '30: c,b'])
    expect(writes).toEqual([20, 10, 20, 30])
    timers.delete('b')
    timers.delete('c')
    expect(commits.slice(-2)).toEqual(['30: c', 'null: '])
  })

  it('takes the same set again for no change', () => {
    const { timers, commits } = open()
    timers.set('a', 10)
    timers.set('b', 20)
    const before = [...commits]
    timers.set('a', 10)
    timers.set('b', 20)
    expect(commits).toEqual(before)
  })

  it('handles all timers that are due in the order of their times, then sets the alarm to the next', () => {
    const { clock, timers, handled, row, commits, writes } = open()
    clock.step(100)
    timers.set('c', 103)
    timers.set('late', 500)
    timers.set('b', 102)
    timers.set('a', 101)
    timers.set('a too', 101)
    clock.step(10)
    const before = commits.length
    clock.advance(5)
    expect(handled).toEqual(['a', 'a too', 'b', 'c'])
    expect(row.alarm).toBe(500)
    expect(commits.slice(before)).toEqual([
      '101: a too,b,c,late',
      '101: b,c,late',
      '101: c,late',
      '500: late',
    ])
    expect(writes.at(-1)).toBe(500)
    clock.flush()
    expect(handled.at(-1)).toBe('late')
    expect(row).toMatchObject({ alarm: null, timers: { list: [] } })
  })

  it('needs one commit and no write for the last timer, one of each where another follows', () => {
    const { clock, timers, commits, writes } = open()
    timers.set('a', 10)
    timers.set('b', 20)
    clock.advance(10)
    expect([commits.slice(2), writes.slice(1)]).toEqual([['20: b'], [20]])
    clock.advance(10)
    expect([commits.slice(3), writes.slice(2)]).toEqual([['null: '], []])
  })

  it('moves the alarm once, at the end, whatever the handlers set', () => {
    const { clock, timers, writes, row } = open(({ name }) => of(timers.set(`${name} again`, 50)))
    for (const [name, time] of [
      ['a', 10],
      ['b', 12],
      ['c', 14],
    ] as const)
      timers.set(name, time)
    clock.step(20)
    clock.advance(0)
    clock.advance(10)
    expect(writes).toEqual([10, 50])
    expect(row.timers.list.map(({ name }) => name)).toEqual(['a again', 'b again', 'c again'])
  })

  it('tells the handler what it handles', () => {
    const told: TimerInfo[] = []
    const { clock, timers } = open((info) => of(told.push(info)))
    timers.set('a', 10)
    clock.flush()
    expect(told).toEqual([{ id: '1', name: 'a', scheduledTime: 10, retryCount: 0, isRetry: false }])
  })

  it('says how the delivery ended, and leaves what is no handler to the alarm', () => {
    const { timers, alarm } = open()
    alarm.events$.subscribe()
    timers.set('a', 10)
    const seen: unknown[] = []
    timers.deliver({ scheduledTime: 10 }, () => EMPTY).subscribe((outcome) => seen.push(outcome))
    expect(seen).toEqual([{ kind: 'ran', scheduledTime: 10, retryCount: 0 }])
    const handler = undefined as unknown as Handler
    timers.deliver({ scheduledTime: 10 }, handler).subscribe({ error: ({ code }) => seen.push(code) })
    expect(seen.at(-1)).toBe('ALARM_DELIVERY_INVALID')
  })

  it('handles a timer of the alarm it was woken for, though its own clock is behind', () => {
    const { clock, timers, handled } = open()
    timers.set('a', 10)
    clock.advance(9)
    timers.deliver({ scheduledTime: 10 }, ({ name }) => of(handled.push(name))).subscribe()
    expect(handled).toEqual(['a'])
  })

  it.each<[string, (timers: NamedTimers) => void, AlarmTime, string]>([
    ['another time', (timers) => timers.set('a', 50), 50, '50: a'],
    ['the very same time', (timers) => timers.set('a', 10), 10, '10: a'],
  ])('keeps a timer that its own handler sets to %s', (_, setAgain, time, commit) => {
    let once = true
    const read: AlarmTime[] = []
    const { clock, timers, row, handled, commits } = open(() => {
      read.push(timers.get('a'))
      if (once) setAgain(timers)
      once = false
      read.push(timers.get('a'))
      return timer(5, clock)
    })
    timers.set('a', 10)
    clock.advance(15)
    expect(read.slice(0, 2)).toEqual([null, time])
    expect(commits.at(-1)).toBe(commit)
    expect(row.timers.list).toMatchObject([{ name: 'a', time }])
    clock.flush()
    expect(handled).toEqual(['a', 'a'])
  })

  it('runs a timer that is set to now inside a handler next time, not in this delivery', () => {
    const { clock, timers, handled } = open(({ name }) => {
      if (handled.length < 4) timers.set(name, clock.now())
      return EMPTY
    })
    timers.set('a', 10)
    timers.set('b', 10)
    clock.advance(10)
    clock.flush()
    expect(handled.slice(0, 4)).toEqual(['a', 'b', 'a', 'b'])
  })

  it('does not handle what a handler before it has deleted, or set anew', () => {
    const { clock, timers, handled } = open(({ name }) => {
      if (name === 'a') {
        timers.delete('b')
        timers.set('c', 50)
      }
      return EMPTY
    })
    for (const name of ['a', 'b', 'c']) timers.set(name, 10)
    clock.advance(10)
    expect(handled).toEqual(['a'])
    clock.flush()
    expect(handled).toEqual(['a', 'c'])
  })

  it('handles thousands that are due at once with synchronous handlers, on a stack that is no deeper', () => {
    const count = 6_000
    const { alarm } = open()
    const list = Array.from({ length: count }, (_, i) => newTimer(`t${i}`, 10, i + 1))
    let state: Timers = { sets: count, list }
    const timers = multiplexTimers({
      alarm,
      load: () => state,
      save(next) {
        state = next
      },
      scheduler: virtualClock(),
    })
    const depths = new Set<number>()
    alarm.set(10)
    Error.stackTraceLimit = 1_000
    let handled = 0
    timers
      .deliver({ scheduledTime: 10 }, () => {
        if (++handled % 1_000 === 0) depths.add(new Error().stack!.split('\n').length)
        return EMPTY
      })
      .subscribe()
    expect([handled, state.list]).toEqual([count, []])
    expect(depths.size).toBe(1)
  })

  it('is not deceived by a timer that its handler deletes and sets again', () => {
    const { clock, timers, handled, row } = open(() => {
      if (handled.length === 1) {
        timers.delete('a')
        timers.set('a', 10)
      }
      return EMPTY
    })
    timers.set('a', 10)
    clock.flush()
    expect(handled).toEqual(['a', 'a'])
    expect(row.alarm).toBe(null)
  })

  it('takes sets from outside while a handler runs: durable at once, and never later than the alarm', () => {
    const done = new Subject<never>()
    const { clock, timers, commits, handled } = open(({ name }) => (name === 'a' ? done : EMPTY))
    timers.set('a', 10)
    clock.advance(10)
    timers.set('b', 30)
    expect(commits.at(-1)).toBe('10: a,b')
    timers.set('c', 5)
    expect(commits.at(-1)).toBe('5: c,a,b')
    timers.delete('b')
    const before = commits.length
    done.complete()
    expect(commits[before]).toBe('5: c')
    clock.flush()
    expect(handled).toEqual(['a', 'c'])
  })

  it('commits what is done also where the next timer has the time of the alarm that ran', () => {
    const { clock, timers, commits, handled } = open(({ name }) => {
      if (name === 'b') timers.set('a', 10)
      return EMPTY
    })
    timers.set('a', 10)
    timers.set('b', 10)
    clock.flush()
    expect(handled).toEqual(['a', 'b', 'a'])
    expect(commits.slice(-3)).toEqual(['10: b,a', '10: a', 'null: '])
  })

  it('takes a set from whoever hears that the last timer is gone', () => {
    const { clock, timers, alarm, row, handled } = open()
    alarm.events$.subscribe((event) => {
      if (event.kind === 'commit-acknowledged' && event.time === null && handled.length === 1)
        timers.set('b', 50)
    })
    timers.set('a', 10)
    clock.advance(10)
    expect(row.alarm).toBe(50)
    clock.flush()
    expect(handled).toEqual(['a', 'b'])
  })

  it('takes a set that comes between the last handler and the deletion of the alarm', () => {
    const { alarm, row } = open()
    let state: Timers | undefined
    const timers: NamedTimers = multiplexTimers({
      load: () => state,
      save(next) {
        state = next
      },
      scheduler: virtualClock(),
      alarm: {
        get time() {
          return alarm.time
        },
        set: (time, options) => alarm.set(time, options),
        delete: (options) => alarm.delete(options),
        touch: (options) => alarm.touch(options),
        deliver: (wakeup, handler) => {
          const setAtTheEnd = (): void => timers.set('b', 50)
          return alarm.deliver(wakeup, (info) => from(handler(info)).pipe(tap({ complete: setAtTheEnd })))
        },
      },
    })
    timers.set('a', 10)
    timers.deliver({ scheduledTime: 10 }, () => EMPTY).subscribe()
    expect(row.alarm).toBe(50)
  })

  it('handles 1,000 timers that are due at once, the first of them slowly', () => {
    const { clock, timers, handled, row } = open(({ name }) => (name === '0' ? timer(5, clock) : EMPTY))
    for (let i = 0; i < 1_000; i++) timers.set(String(i), 10)
    clock.flush()
    expect(handled).toHaveLength(1_000)
    expect(row.alarm).toBe(null)
  })
})

describe('a timer whose handler fails', () => {
  it('neither stops nor delays the others, and comes again after a back-off of its own', () => {
    const at: string[] = []
    const { clock, timers, row } = open(({ name, retryCount }) => {
      at.push(`${name} ${clock.now()} ${retryCount}`)
      return name === 'bad' && retryCount < 2 ? boom() : EMPTY
    })
    timers.set('bad', 10)
    timers.set('good', 10)
    timers.set('soon', 500)
    clock.advance(600)
    expect(at).toEqual(['bad 10 0', 'good 10 0', 'soon 500 0'])
    clock.flush()
    const [second, third] = at.slice(3).map((run) => Number(run.split(' ')[1]))
    expect(second).toBeGreaterThanOrEqual(2_010)
    expect(second).toBeLessThanOrEqual(2_510)
    expect(third! - second!).toBeGreaterThanOrEqual(4_000)
    expect(third! - second!).toBeLessThanOrEqual(5_000)
    expect(at.slice(3).map((run) => run.replace(/ \d+ /, ' '))).toEqual(['bad 1', 'bad 2'])
    expect(row).toMatchObject({ alarm: null, timers: { list: [] } })
  })

  it('may throw, or return nothing that can be subscribed', () => {
    const { clock, timers, handled } = open(({ retryCount }) => {
      if (retryCount === 0) throw new Error('boom')
      return retryCount === 1 ? (undefined as never) : EMPTY
    })
    timers.set('a', 10)
    clock.flush()
    expect(handled).toEqual(['a', 'a', 'a'])
  })

  it('is abandoned after six retries that count, until that succeeds; the others never notice', () => {
    const abandoned: TimerInfo[] = []
    let refusals = 2
    const { clock, timers, handled, row } = open(({ name }) => (name === 'bad' ? boom() : EMPTY), {
      abandon(info) {
        abandoned.push(info)
        return refusals-- > 0 ? boom() : EMPTY
      },
    })
    timers.set('bad', 10)
    timers.set('good', 10_000_000)
    clock.advance(9_000_000)
    expect(handled).toEqual(Array(7).fill('bad'))
    expect(abandoned).toEqual(
      Array(3).fill({ id: '1', name: 'bad', scheduledTime: 10, retryCount: 7, isRetry: true }),
    )
    expect(row.alarm).toBe(10_000_000)
    clock.flush()
    expect(handled.at(-1)).toBe('good')
  })

  it('is removed where nobody wants to hear of it', () => {
    const { clock, timers, row } = open(() => boom({ retry: false }))
    timers.set('bad', 10)
    clock.flush()
    expect(row).toMatchObject({ alarm: null, timers: { list: [] } })
  })

  it('says with counted: false that it does not count', () => {
    const { clock, timers, handled } = open(() => (handled.length <= 20 ? boom({ counted: false }) : EMPTY))
    timers.set('a', 10)
    clock.flush()
    expect(handled).toHaveLength(21)
  })

  it('says with retry: false that it is abandoned at once, unless it is set anew before, even to the same time', () => {
    const abandoned: string[] = []
    const slow = new Subject<never>()
    const { clock, timers, handled } = open(
      ({ name }) => (name === 'slow' ? slow : handled.length > 3 ? EMPTY : boom({ retry: false })),
      { abandon: ({ name }) => of(abandoned.push(name)) },
    )
    for (const name of ['bad', 'worse', 'slow']) timers.set(name, 10)
    clock.advance(10)
    timers.set('bad', 10)
    slow.complete()
    clock.flush()
    expect(abandoned).toEqual(['worse'])
    expect(handled).toEqual(['bad', 'worse', 'slow', 'bad'])
  })

  it('makes no back-off longer where the clock is set back: from the next change on', () => {
    const HOUR = 3_600_000
    const { clock, alarm, timers, handled } = open(({ name, retryCount }) =>
      name === 'tea' && retryCount === 0 ? boom() : EMPTY,
    )
    clock.advance(2 * HOUR)
    timers.set('tea', clock.now())
    clock.advance(10)
    expect(handled).toEqual(['tea'])
    clock.step(-HOUR)
    timers.set('eggs', clock.now() + 10 * HOUR)
    expect(alarm.time! - clock.now()).toBeLessThanOrEqual(2_500)
    clock.advance(2_500)
    expect(handled).toEqual(['tea', 'tea'])
  })

  it('keeps what it set before it failed, without the back-off', () => {
    const { clock, timers, handled, row } = open(({ scheduledTime }) => {
      if (scheduledTime > 10) return EMPTY
      timers.set('a', 20)
      return boom()
    })
    timers.set('a', 10)
    clock.advance(10)
    expect(row.timers.list).toMatchObject([{ name: 'a', due: 20, counted: 0 }])
    clock.advance(10)
    expect(handled).toEqual(['a', 'a'])
  })

  it('has nothing behind it once it is set anew', () => {
    const { clock, timers, row, handled } = open(({ retryCount }) => (retryCount < 1 ? boom() : EMPTY))
    timers.set('a', 10)
    clock.advance(10)
    timers.set('a', 10)
    expect(row.timers.list).toMatchObject([{ due: 10, counted: 0 }])
    timers.delete('a')
    clock.flush()
    expect(handled).toEqual(['a'])
  })

  it('lets the others go first when its delivery was cut off, however many hang', () => {
    const { clock, timers, handled } = open(({ name }) => (name.startsWith('hangs') ? NEVER : EMPTY), {
      lease: 1_000,
    })
    for (const name of ['hangs', 'hangs too', 'good']) timers.set(name, 10)
    clock.advance(1_010)
    expect(handled).toEqual(['hangs', 'hangs too'])
    clock.advance(1_000)
    expect(handled).toEqual(['hangs', 'hangs too', 'good', 'hangs'])
  })
})

describe('a delivery that is cut off', () => {
  it('leaves the timer as it was, and the alarm to what is set next', () => {
    const { timers, alarm } = open()
    timers.set('a', 10)
    const delivery = timers.deliver({ scheduledTime: 10 }, () => NEVER).subscribe()
    expect(timers.get('a')).toBe(null)
    delivery.unsubscribe()
    expect([timers.get('a'), alarm.time]).toEqual([10, 10])
    timers.set('a', 20)
    expect(alarm.time).toBe(20)
  })
})

describe('the store of the timers', () => {
  it('refuses a state that cannot be read back within the turn, where one timer would replace the other', () => {
    const { alarm } = open()
    const unread = expect.objectContaining({
      code: 'ALARM_CONFIG_INVALID',
      message: expect.stringContaining('sqliteStore of its own'),
    })
    const standing = setTimer(noTimers, 'tea', 5)
    for (const durable of [undefined, standing]) {
      const timers = multiplexTimers({ alarm, load: () => durable, save() {} })
      expect(() => timers.set('eggs', 5)).toThrow(unread)
    }
    const timers = multiplexTimers({ alarm, load: () => standing, save() {} })
    expect(() => timers.delete('tea')).toThrow(unread)
    expect(() => timers.set('tea', 6)).toThrow(unread)
    expect(alarm.time).toBe(null)
  })

  it('refuses bad names, times and configs before anything has changed', () => {
    const { timers, alarm, commits } = open()
    const key = 7 as unknown as string
    expect(() => timers.set(key, 10)).toThrow(coded('ALARM_KEY_INVALID'))
    expect(() => timers.get('\ud800')).toThrow(coded('ALARM_KEY_INVALID'))
    expect(() => timers.delete('x'.repeat(1025))).toThrow(coded('ALARM_KEY_INVALID'))
    expect(() => timers.set('a', 1.5)).toThrow(coded('ALARM_TIME_INVALID'))
    expect(commits).toEqual([])
    const [load, save] = [() => undefined, () => {}]
    for (const config of [{ load, save }, { alarm, save }, { alarm, load }, undefined]) {
      expect(() => multiplexTimers(config as never)).toThrow(coded('ALARM_CONFIG_INVALID'))
    }
  })

  it('saves nothing where the alarm says that it cannot be asked', () => {
    const saved: Timers[] = []
    const alarm = openAlarm({ commit: () => EMPTY, write: () => EMPTY })
    const timers = multiplexTimers({ alarm, load: () => null, save: (next) => saved.push(next) })
    alarm.close()
    expect(() => timers.set('tea', 5)).toThrow(expect.objectContaining({ code: 'ALARM_CLOSED' }))
    expect(saved).toEqual([])
  })

  it('takes any name, those of Object.prototype too', () => {
    const { timers } = open()
    timers.set('__proto__', 10)
    expect([timers.get('__proto__'), timers.get('constructor'), timers.get('')]).toEqual([10, null, null])
  })

  it('closes the output gate until a timer is durable, also when only the second set asks for it', () => {
    const commits: Subject<never>[] = []
    const commit = (): Observable<never> => {
      const answer = new Subject<never>()
      commits.push(answer)
      return answer
    }
    const { timers, alarm } = open(undefined, { commit })
    const sent: number[] = []
    const values = new Subject<number>()
    values.pipe(alarm.holdUntilConfirmed()).subscribe((value) => sent.push(value))
    timers.set('a', 10, { allowUnconfirmed: true })
    timers.set('b', 20, { allowUnconfirmed: true })
    values.next(1)
    timers.set('b', 20)
    values.next(2)
    expect(sent).toEqual([1])
    while (commits.length > 0) commits.shift()!.complete()
    expect(sent).toEqual([1, 2])
    timers.set('c', 30)
    values.next(3)
    expect(sent).toEqual([1, 2])
  })

  it('fails with what save throws, and has changed nothing', () => {
    const clock = virtualClock()
    const alarm = openAlarm({ scheduler: clock, reconcile: false, commit: () => EMPTY, write: () => EMPTY })
    let state: Timers | undefined
    let isFull = false
    const timers = multiplexTimers({
      alarm,
      scheduler: clock,
      load: () => state,
      save(next) {
        if (isFull) throw new Error('full')
        state = next
      },
    })
    timers.set('a', 10)
    isFull = true
    expect(() => timers.set('b', 5)).toThrow('full')
    expect([timers.get('b'), alarm.time]).toEqual([null, 10])

    const seen: unknown[] = []
    timers.deliver({ scheduledTime: 10 }, () => EMPTY).subscribe({ error: (error) => seen.push(error) })
    expect(seen).toMatchObject([{ code: 'ALARM_COMMIT_FAILED', counted: false, cause: { message: 'full' } }])
    expect([timers.get('a'), alarm.time]).toEqual([10, 10])

    alarm.close()
    expect(() => timers.set('a', 10)).toThrow(coded('ALARM_CLOSED'))
  })

  it('is a value of an SQLite store: rolled back with its transaction, there again when it is opened', () => {
    const file = newFile()
    const clock = virtualClock()
    const manager = memoryManager({ scheduler: clock })
    const openStore = () => {
      const store = sqliteStore({ file, key: 'a', manager, scheduler: clock })
      const timers = multiplexTimers({
        alarm: store.alarm,
        load: () => store.get<Timers>('timers'),
        save: (next, options) => store.put('timers', next, options),
        scheduler: clock,
      })
      return { store, timers }
    }
    const first = openStore()
    first.store.transaction(() => first.timers.set('tea', 60))
    const undone = () =>
      first.store.transaction(() => {
        first.timers.set('eggs', 30)
        first.timers.delete('tea')
        throw new Error('undo')
      })
    expect(undone).toThrow('undo')
    expect([first.timers.get('tea'), first.timers.get('eggs'), first.store.alarm.time]).toEqual([
      60,
      null,
      60,
    ])
    first.store.transaction(() => first.timers.set('eggs', 90))
    expect(manager.get('a')).toBe(60)
    first.store.close()

    const second = openStore()
    const handled: string[] = []
    manager
      .deliveries((delivery) =>
        second.timers.deliver(delivery, ({ name }) => {
          second.store.put(name, 'done')
          return of(handled.push(name))
        }),
      )
      .subscribe()
    clock.advance(60)
    expect([handled, manager.get('a'), second.store.get('tea')]).toEqual([['tea'], 90, 'done'])
    clock.advance(30)
    expect([handled, manager.get('a')]).toEqual([['tea', 'eggs'], null])
    second.store.close()
  })
})

describe('timers over crashes, failures and slow answers', () => {
  /** One actor's life, looked at from outside after every step; returns what went wrong, and how much was done. */
  function life(seed: number): { faults: string[]; handled: number; crashes: number } {
    const roll = dice(seed)
    const clock = virtualClock()
    const manager = memoryManager({ scheduler: clock, lease: 40 })
    const faults: string[] = []
    const row: Row & { epoch: number } = { alarm: null, timers: noTimers, epoch: 0 }
    const over = new Set<string>() // timers that were handled, or that somebody has deleted or replaced
    const idOf = ({ name, time, serial }: { name: string; time: number; serial: number }) =>
      `${name} ${time} ${serial}`
    let handledCount = 0
    let crashes = 0
    let isCalm = false
    const slowly = (work: () => ObservableInput<unknown> = () => EMPTY): Observable<unknown> => {
      const ms = isCalm ? 0 : roll(4) * 3
      return ms === 0 ? defer(work) : concat(timer(ms, clock).pipe(ignoreElements()), defer(work))
    }
    /** Applied at once and acknowledged later, or both later: who dies in between does not know. */
    const applied = (work: () => ObservableInput<unknown>): Observable<unknown> =>
      roll(2) === 0 ? concat(defer(work), slowly()) : slowly(work)

    function store(alarm: AlarmTime, timers: Timers): void {
      for (const timer of row.timers.list) {
        const isThere = timers.list.some((other) => idOf(other) === idOf(timer))
        if (!isThere && !over.has(idOf(timer))) faults.push(`lost ${idOf(timer)}`)
      }
      Object.assign(row, { alarm, timers })
    }
    function look(): void {
      if (isBefore(earliest(row.timers), row.alarm)) {
        faults.push(`the store has ${row.alarm} for a timer due at ${earliest(row.timers)}`)
      }
      if (isBefore(row.alarm, manager.get('')))
        faults.push(`the manager has ${manager.get('')}, the store ${row.alarm}`)
    }

    function start() {
      let state = row.timers
      row.epoch++
      const alarm = openAlarm({
        epoch: row.epoch,
        initial: row.alarm,
        scheduler: clock,
        retry: { delay: () => 7 },
        commit(time) {
          const timers = state
          return applied(() => {
            store(time, timers)
            return EMPTY
          })
        },
        write: (time, info) =>
          !isCalm && info.move !== 'earlier' && roll(6) === 0
            ? slowly(boom)
            : applied(() => manager.write('', time, info)),
      })
      const timers = multiplexTimers({
        alarm,
        load: () => state,
        save(next) {
          state = next
        },
        scheduler: clock,
      })
      const replace = (name: string) => {
        for (const one of state.list) if (one.name === name) over.add(idOf(one))
      }
      const handler: Handler = ({ name, scheduledTime }) => {
        handledCount++
        const running = state.list.find((one) => one.name === name)!
        if (running.time !== scheduledTime || clock.now() < scheduledTime)
          faults.push(`${name} at a wrong time`)
        return concat(
          slowly(),
          new Observable((subscriber) => {
            const luck = isCalm ? 9 : roll(10)
            if (luck === 0) return subscriber.error(Object.assign(new Error('boom'), { retry: roll(3) > 0 }))
            if (luck === 1) return
            if (luck === 2) ask(name, clock.now() + roll(30))
            if (state.list.some((one) => idOf(one) === idOf(running))) over.add(idOf(running))
            subscriber.complete()
          }),
        )
      }
      const abandon: Handler = ({ name }) => {
        replace(name)
        return EMPTY
      }
      const ask = (name: string, time: AlarmTime): void => {
        replace(name)
        if (time === null) timers.delete(name)
        else timers.set(name, time)
      }
      const deliveries = manager
        .deliveries((delivery) => timers.deliver(delivery, handler, { abandon }))
        .subscribe()
      return {
        ask,
        die() {
          deliveries.unsubscribe()
          alarm.close()
          crashes++
        },
      }
    }

    let actor = start()
    for (let step = 0; step < 60; step++) {
      const what = roll(10)
      if (what === 0) {
        actor.die()
        actor = start()
      } else if (what < 6) {
        actor.ask(['a', 'b', 'c', 'd'][roll(4)]!, roll(6) === 0 ? null : clock.now() + roll(60))
      } else {
        for (let ms = roll(30); ms > 0; ms--) {
          clock.advance(1)
          look()
        }
      }
      look()
    }
    isCalm = true
    clock.advance(2_000_000)
    look()
    if (row.alarm !== null || row.timers.list.length > 0) faults.push(`never handled: ${JSON.stringify(row)}`)
    return { faults, handled: handledCount, crashes }
  }

  it('are never late, never lost, and all handled in the end', () => {
    const lives = Array.from({ length: 200 }, (_, seed) => life(seed))
    expect(lives.flatMap(({ faults }, seed) => faults.map((fault) => `seed ${seed}: ${fault}`))).toEqual([])
    const total = (of: 'handled' | 'crashes') => lives.reduce((sum, one) => sum + one[of], 0)
    expect(total('handled')).toBeGreaterThan(1_400)
    expect(total('crashes')).toBeGreaterThan(700)
  })
})
