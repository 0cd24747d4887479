import { defer, EMPTY, from, isObservable, NEVER, Observable, of, Subject, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import {
  type Alarm,
  memoryManager,
  multiplexTimers,
  openAlarm,
  openFleet,
  type Timers,
} from '../../src/index.ts'
import { sqliteManager, sqliteStore } from '../../src/sqlite/index.ts'
import { awaitable } from '../../src/vocabulary/awaitable.ts'
import { newFile } from '../sqlite/files.ts'

const AT = 4_000_000_000_000
const alarmOf = (): Alarm => openAlarm({ commit: () => EMPTY, write: () => EMPTY })

describe('an awaitable Observable', () => {
  it('resolves with its last value when it completes, with undefined where there is none', async () => {
    expect(await awaitable(of(1, 2))).toBe(2)
    expect(await awaitable(EMPTY)).toBe(undefined)
  })

  it('rejects with its error', async () => {
    const error = new Error('no')
    await expect(awaitable(throwError(() => error))).rejects.toBe(error)
    expect(await awaitable(throwError(() => error)).then(null, (reason) => [reason])).toEqual([error])
  })

  it('is subscribed to once for each then, and not before', async () => {
    let subscribed = 0
    const wait = awaitable(defer(() => of(++subscribed)))
    expect(subscribed).toBe(0)
    const [first, second] = [wait.then((value) => value), wait.then((value) => value)]
    expect(subscribed).toBe(2)
    expect(await Promise.all([first, second])).toEqual([1, 2])
  })

  it('does not resolve before it completes', async () => {
    const source = new Subject<number>()
    const seen: number[] = []
    void awaitable(source.asObservable()).then((value) => seen.push(value))
    source.next(1)
    await undefined
    expect(seen).toEqual([])
    source.complete()
    await new Promise((resolve) => setImmediate(resolve))
    expect(seen).toEqual([1])
  })

  it('is an Observable to RxJS, and no promise: what it emits synchronously stays so', () => {
    const wait = awaitable(of(1, 2))
    const seen: number[] = []
    from(wait).subscribe((value) => seen.push(value))
    defer(() => wait).subscribe((value) => seen.push(value))
    expect([isObservable(wait), wait instanceof Observable, from(wait) === wait, seen]).toEqual([
      true,
      true,
      true,
      [1, 2, 1, 2],
    ])
  })

  it('is one to another copy of RxJS, too, which goes by Symbol.observable before it looks for then', () => {
    const wait = awaitable(of(1))
    const interop = (wait as unknown as Record<PropertyKey, () => unknown>)[
      Symbol.observable ?? '@@observable'
    ]
    expect(interop?.call(wait)).toBe(wait)
  })

  it('leaves its operators alone: what is derived from it is no promise', () => {
    expect('then' in awaitable(of(1)).pipe()).toBe(true) // a pipe of nothing is the same one
    expect('then' in awaitable(of(1)).lift(undefined as never)).toBe(false)
  })

  it('returned by an async function has been awaited: the promise is of its value', async () => {
    const waits = async () => awaitable(of('value'))
    expect(await waits()).toBe('value')
  })
})

describe('what is waited for can be awaited', () => {
  it('by the handle of an alarm', async () => {
    const alarm = alarmOf()
    alarm.set(5)
    await alarm.confirmed()
    await alarm.drained()
    const outcome = await alarm.deliver({ scheduledTime: 5 }, () => EMPTY)
    expect(outcome).toMatchObject({ kind: 'ran', scheduledTime: 5 })
  })

  it('and rejects with what breaks it', async () => {
    const write = new Subject<never>()
    const alarm = openAlarm({ commit: () => EMPTY, write: () => write, reconcile: false })
    alarm.set(5)
    const waits = [alarm.confirmed(), alarm.drained()].map((wait) =>
      wait.then(
        () => 'done',
        ({ code }) => code,
      ),
    )
    write.error(new Error('no'))
    expect(await Promise.all(waits)).toEqual(['ALARM_PRECOMMIT_FAILED', 'ALARM_PRECOMMIT_FAILED'])
  })

  it('by a fleet, and the handles of its actors', async () => {
    const fleet = openFleet({
      load: () => of({ time: null, epoch: 1 }),
      commit: () => EMPTY,
      write: () => EMPTY,
    })
    const a = fleet.actor('a')
    a.set(5)
    await a.confirmed()
    await a.drained()
    await fleet.drained()
    const delivery = { key: 'a', scheduledTime: 5, fence: 1, retryCount: 0 }
    expect(await fleet.deliver(delivery, () => EMPTY)).toMatchObject({ kind: 'ran' })
    expect(await fleet.abandon('a', 5)).toBe(null)
    a.set(6)
    expect(await a.deliver({ scheduledTime: 6 }, () => EMPTY)).toMatchObject({ kind: 'ran' })
  })

  it('by a store, its timers and its manager', async () => {
    const manager = sqliteManager({ file: newFile() })
    const store = sqliteStore({ file: newFile(), key: 'a', manager })
    const timers = multiplexTimers({
      alarm: store.alarm,
      load: () => store.get<Timers>('timers'),
      save: (next) => store.put('timers', next),
    })
    timers.set('tea', AT)
    await store.alarm.confirmed()
    expect(manager.get('a')).toBe(AT)
    await store.alarm.drained()
    expect(await timers.deliver({ scheduledTime: AT }, () => EMPTY)).toMatchObject({ kind: 'ran' })
    expect(await manager.write('b', 5, { key: 'b', move: 'earlier', fence: 1, attempt: 1 })).toBe(undefined)
    expect(manager.get('b')).toBe(5)
    await store.close()
    await manager.close()
  })

  it('also where an async function of the user returns it: nothing is written behind its back', async () => {
    const manager = memoryManager()
    const alarm = openAlarm({
      key: 'a',
      commit: () => EMPTY,
      write: async (time, info) => manager.write('a', time, info),
      reconcile: false,
    })
    alarm.set(5)
    await alarm.confirmed()
    expect(manager.get('a')).toBe(5)
  })

  it('does not keep a transaction from returning it', async () => {
    const store = sqliteStore({ file: newFile(), key: 'a', manager: memoryManager() })
    const confirmed = store.transaction(() => {
      store.put('k', 1)
      return store.alarm.confirmed()
    })
    expect(isObservable(confirmed)).toBe(true)
    await confirmed
    expect(() => store.transaction(async () => {})).toThrow(
      expect.objectContaining({ code: 'ALARM_RETURN_INVALID' }),
    )
    await store.close()
  })

  it('never ends where it never completes, and holds nothing up', async () => {
    let isSettled = false
    void awaitable(NEVER).then(() => (isSettled = true))
    await new Promise((resolve) => setImmediate(resolve))
    expect(isSettled).toBe(false)
  })
})
