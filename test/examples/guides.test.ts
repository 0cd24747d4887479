import { type AlarmManager, memoryManager, openAlarm } from 'nolater'
import { virtualClock } from 'nolater/marbles'
import { type ActorStore, sqliteStore } from 'nolater/sqlite'
import { defer, EMPTY, Observable, of, Subject, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { openDaily } from '../../examples/guides/cron.ts'
import { openDraft } from '../../examples/guides/debounce.ts'
import { keepDraft } from '../../examples/guides/debounce-stream.ts'
import { reply, storageOf, wakeObject } from '../../examples/guides/durable-object.ts'
import { openActors } from '../../examples/guides/many-actors.ts'
import { openOrder } from '../../examples/guides/many-timers.ts'
import { fromPlatform, type PlatformObservable } from '../../examples/guides/native-observable.ts'
import { openPostedQueue } from '../../examples/guides/rate-limit.ts'
import { openOutbox, Refused } from '../../examples/guides/retry.ts'
import { openSession } from '../../examples/guides/session.ts'
import { openTrial } from '../../examples/guides/trial.ts'
import { newFile } from '../sqlite/files.ts'
import { runExample } from './run-example.ts'

const SECOND = 1_000
const HOUR = 3_600_000

/** One actor in virtual time, which can be closed and opened again. */
function stage() {
  const clock = virtualClock()
  const manager = memoryManager({ scheduler: clock })
  const file = newFile()
  const open = (): ActorStore => sqliteStore({ file, key: '42', manager, scheduler: clock })
  return { clock, manager, open }
}

describe('what the guides run as processes', () => {
  it('an operator pauses, looks and resumes', () => {
    expect(runExample('guides/operators.ts')).toEqual(['0 due, the first for 0 ms', '1 pause, 0 deliver'])
  })

  it('the cart is emptied', () => {
    const lines = [
      'tea is in your cart',
      'milk is in your cart',
      'Still want tea and milk?',
      '0 items are left',
    ]
    expect(runExample('guides/cart-main.ts')).toEqual(lines)
  })

  it('an alarm is printed and drawn', () => {
    const lines = runExample('guides/see-it.ts')
    expect(lines[1]).toBe('42 write-issued {"move":"earlier","time":5000,"fence":1,"attempt":1}')
    expect(lines.find((line) => line.startsWith('moves'))).toMatch(/<.*>/)
  })
})

describe('many actors', () => {
  it('are opened when they are needed, closed when they are idle, and opened anew when they have broken', async () => {
    const clock = virtualClock()
    const manager = memoryManager({ scheduler: clock })
    const files = new Map<string, string>()
    const fileOf = (key: string) => files.get(key) ?? files.set(key, newFile()).get(key)!
    const done: string[] = []
    const opened: string[] = []
    const closed: string[] = []
    const actors = openActors(
      (key) => {
        opened.push(key)
        const store = sqliteStore({ file: fileOf(key), key, manager, scheduler: clock })
        store.alarm.events$.subscribe({ complete: () => closed.push(key) })
        return { store, ...openOrder(store, (name, what) => of(done.push(`${name} ${what}`))) }
      },
      60 * SECOND,
      clock,
    )
    const deliveries = manager
      .deliveries((delivery) => actors.use(delivery.key).deliver(delivery))
      .subscribe()
    for (const key of ['a', 'b']) actors.use(key).place(`tea ${key}`)
    await clock.advanceAsync(59 * SECOND)
    actors.use('b')
    await clock.advanceAsync(2 * SECOND)
    expect([opened, closed]).toEqual([['a', 'b'], ['a']])
    await clock.advanceAsync(60 * SECOND)
    expect([opened, closed]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])

    await clock.advanceAsync(HOUR)
    expect(done).toEqual(['remind tea a', 'remind tea b'])
    expect(opened).toEqual(['a', 'b', 'a', 'b'])
    sqliteStore({ file: fileOf('a'), key: 'a', manager, scheduler: clock }).close() // by another process
    actors.use('a').pay()
    await clock.advanceAsync(0)
    actors.use('a').pay()
    await clock.advanceAsync(24 * HOUR)
    expect(done).toEqual(['remind tea a', 'remind tea b', 'cancel tea b'])
    deliveries.unsubscribe()
    actors.close()
    expect(clock.pending).toBe(0)
  })
})

describe('the draft', () => {
  it('is saved 5 s after the last edit, and 60 s after the first at the latest, over restarts', async () => {
    const { clock, manager, open } = stage()
    const saved: string[] = []
    const save = (text: string) => of(saved.push(`${text} ${clock.now() / SECOND}`))
    let store = open()
    let deliveries = manager.deliveries(openDraft(store, save, clock).deliver).subscribe()
    openDraft(store, save, clock).edit('a')
    await clock.advanceAsync(10 * SECOND)
    expect(saved).toEqual(['a 5'])
    for (let n = 0; n < 20; n++) {
      deliveries.unsubscribe()
      store.close()
      store = open()
      const draft = openDraft(store, save, clock)
      deliveries = manager.deliveries(draft.deliver).subscribe()
      draft.edit(`b${n}`)
      await clock.advanceAsync(4 * SECOND)
    }
    await clock.advanceAsync(10 * SECOND)
    // Its first edit was at 10: at 70 it is saved, and the next series begins.
    expect(saved[1]).toMatch(/^b1\d 70$/)
    expect(saved.at(-1)).toMatch(/^b19 /)
    deliveries.unsubscribe()
    store.close()
  })

  it('is debounced likewise as a stream of intents', () => {
    const { clock, manager } = stage()
    const edits$ = new Subject<string>()
    const row = { alarm: null as number | null, limit: null as number | null }
    const kept = keepDraft(edits$, row, {
      key: '42',
      scheduler: clock,
      commit: (time) => {
        row.alarm = time
        return EMPTY
      },
      write: (time, info) => manager.write('42', time, info),
    }).subscribe()
    for (let n = 0; n < 15; n++) {
      edits$.next(`${n}`)
      clock.advance(4 * SECOND)
    }
    expect([row, manager.get('42')]).toEqual([{ alarm: 60 * SECOND, limit: 60 * SECOND }, 60 * SECOND])
    kept.unsubscribe()
  })
})

describe('the session', () => {
  it('ends when nobody has used it for half an hour', async () => {
    const { clock, manager, open } = stage()
    const store = open()
    const session = openSession(store, clock)
    manager.deliveries(session.deliver).subscribe()
    session.begin('ada')
    await clock.advanceAsync(0.4 * HOUR)
    expect(session.use()).toBe(true)
    await clock.advanceAsync(0.4 * HOUR)
    expect(session.use()).toBe(true)
    await clock.advanceAsync(0.5 * HOUR)
    expect([session.use(), store.get('user')]).toEqual([false, undefined])
    store.close()
  })

  it('ends after eight hours, and is over then even if nobody delivers', async () => {
    const { clock, open } = stage()
    const store = open()
    const session = openSession(store, clock)
    session.begin('ada')
    let uses = 0
    for (; session.use() && uses < 100; uses++) await clock.advanceAsync(0.25 * HOUR)
    expect([uses, store.get('user')]).toEqual([32, 'ada'])
    store.close()
  })
})

describe('the outbox', () => {
  const send = async (post: () => Observable<unknown>, time = 24 * HOUR) => {
    const { clock, manager, open } = stage()
    const store = open()
    const outbox = openOutbox(store, post)
    manager.deliveries(outbox.deliver, { abandon: outbox.abandon }).subscribe()
    outbox.send('hello', 0)
    await clock.advanceAsync(time)
    const found = { state: outbox.state(), alarm: store.alarm.time, manager: manager.get('42') }
    store.close()
    return found
  }
  const failing = (status: number, times = Infinity) => {
    let calls = 0
    const post = () => defer(() => (++calls > times ? EMPTY : throwError(() => new Refused(status))))
    return { post, calls: () => calls }
  }

  it('sends', async () => {
    expect(await send(() => EMPTY)).toEqual({ state: 'sent', alarm: null, manager: null })
  })

  it('gives up after seven failures, and at once what is hopeless', async () => {
    const [failed, hopeless] = [failing(500), failing(410)]
    const nothing = { alarm: null, manager: null }
    expect(await send(failed.post)).toEqual({ state: 'given up', ...nothing })
    expect(await send(hopeless.post)).toEqual({ state: 'given up', ...nothing })
    expect([failed.calls(), hopeless.calls()]).toEqual([7, 1])
  })

  it('never gives up what is not its own fault', async () => {
    const away = failing(503)
    expect(await send(away.post)).toMatchObject({ state: undefined })
    expect(away.calls()).toBeGreaterThan(50)
    expect(await send(failing(503, 20).post)).toEqual({ state: 'sent', alarm: null, manager: null })
  })
})

describe('the daily job', () => {
  const run = (work: (calls: number) => unknown) => {
    const { clock, manager, open } = stage()
    const store = open()
    const calls: number[] = []
    const daily = openDaily(store, () => of(work(calls.push(clock.now() / HOUR))))
    const deliver = () => manager.deliveries(daily.deliver).subscribe()
    daily.start()
    return { clock, store, calls, deliver, daily }
  }

  it('runs each day at nine in Berlin, and once after downtime', async () => {
    const { clock, store, calls, deliver, daily } = run(() => {})
    const deliveries = deliver()
    await clock.advanceAsync(48 * HOUR)
    expect(calls).toEqual([8, 32]) // an hour ahead of UTC
    daily.start()
    deliveries.unsubscribe()
    await clock.advanceAsync(96 * HOUR)
    deliver()
    await clock.advanceAsync(12 * HOUR)
    expect(calls).toEqual([8, 32, 144, 152])
    expect(daily.history().map(({ outcome }) => outcome)).toEqual(['done', 'done', 'missed', 'done', 'done'])
    store.close()
  })

  it('goes on the next day when a run has failed for good', async () => {
    const { clock, store, calls, deliver, daily } = run((calls) => {
      if (calls <= 7) throw new Error('no')
    })
    deliver()
    await clock.advanceAsync(48 * HOUR)
    expect(calls).toHaveLength(8)
    expect(calls.at(-1)).toBe(32)
    expect(store.alarm.time).toBe(56 * HOUR)
    expect(daily.history()).toMatchObject([
      { outcome: 'failed', error: { message: 'no' } },
      { outcome: 'done' },
    ])
    store.close()
  })
})

describe('the trial', () => {
  const DAY = 24 * HOUR

  it('sends a mail and ends, unless it was paid for', () => {
    for (const isPaid of [false, true]) {
      const { clock, manager, open } = stage()
      const store = open()
      const mails: number[] = []
      const trial = openTrial(store, () => of(mails.push(clock.now() / DAY)), clock)
      manager.deliveries(trial.deliver).subscribe()
      trial.start()
      clock.advance(12 * DAY)
      expect([mails, trial.isOpen()]).toEqual([[11], true])
      if (isPaid) trial.convert()
      clock.advance(3 * DAY)
      expect([trial.isOpen(), store.get('plan'), store.alarm.time]).toEqual([
        isPaid,
        isPaid ? 'paid' : 'over',
        null,
      ])
      store.close()
    }
  })
})

describe('the messages at a rate', () => {
  it('are posted so many a second, each tried again by itself, and kept where no retry is left', () => {
    const { clock, manager, open } = stage()
    const store = open()
    const posted: string[] = []
    let isDown = true
    const post = (_: string, text: string) => {
      posted.push(`${text} ${clock.now()}`)
      return isDown && text === 'b'
        ? throwError(() => Object.assign(new Error('no'), { retry: false }))
        : of(0)
    }
    const queue = openPostedQueue(store, post, 2, clock)
    manager.deliveries(queue.deliver).subscribe()
    for (const text of ['a', 'b', 'c']) queue.send(text)
    clock.advance(2_000)
    expect(posted).toEqual(['a 0', 'b 500', 'c 1000'])
    expect(queue.failed()).toMatchObject([{ name: 'message/2', payload: 'b' }])
    isDown = false
    expect(queue.retry('message/2')).toBe(true)
    clock.advance(1)
    expect([posted.at(-1), queue.failed()]).toEqual(['b 2000', []])
    store.close()
  })
})

describe('the order', () => {
  it('is reminded of, then cancelled, each at its time', async () => {
    const { clock, manager, open } = stage()
    const store = open()
    const acts: string[] = []
    const act = (name: string, what: string) => of(acts.push(`${name} ${what} ${clock.now() / HOUR}`))
    const order = openOrder(store, act)
    manager.deliveries(order.deliver).subscribe()
    order.place('tea')
    await clock.advanceAsync(48 * HOUR)
    expect(acts).toEqual(['remind tea 1', 'cancel tea 24'])
    order.place('milk')
    await clock.advanceAsync(2 * HOUR)
    order.pay()
    await clock.advanceAsync(48 * HOUR)
    expect(acts.slice(2)).toEqual(['remind milk 49'])
    expect([store.alarm.time, manager.get('42')]).toEqual([null, null])
    store.close()
  })
})

describe('a Durable Object', () => {
  it('finds its storage, is woken, and answers through the gate', async () => {
    const { clock, manager, open } = stage()
    const store = open()
    const storage = storageOf(store)
    const seen: unknown[] = []
    const object = {
      async add() {
        await storage.put('count', ((await storage.get<number>('count')) ?? 0) + 1)
        if ((await storage.getAlarm()) === null) await storage.setAlarm(clock.now() + SECOND)
        return storage.get('count')
      },
      async alarm(info: unknown) {
        seen.push(info, await storage.getAlarm(), await storage.get('count'))
        if (seen.length < 4) throw new Error('once more')
        await storage.put('count', 0)
      },
    }
    manager.deliveries(wakeObject(store, object)).subscribe()
    expect(await reply(store, object.add())).toBe(1)
    expect(await reply(store, object.add())).toBe(2)
    await storage.sync()
    expect(await storage.getAlarm()).toBe(SECOND)
    await clock.advanceAsync(10 * SECOND)
    const [first, ...more] = seen
    expect(first).toEqual({ retryCount: 0, isRetry: false })
    expect(more).toEqual([null, 2, { retryCount: 1, isRetry: true }, null, 2])
    expect([await storage.getAlarm(), await storage.get('count')]).toEqual([null, 0])
    store.close()
  })
})

describe('a platform Observable', () => {
  const platform = (signals: AbortSignal[]): PlatformObservable<number> => ({
    subscribe(observer, { signal }) {
      signals.push(signal)
      observer.next(1)
      if (signals.length === 1) observer.complete()
    },
  })

  it('is refused as it is, and taken through fromPlatform', () => {
    const write: AlarmManager['write'] = memoryManager().write
    const wrong = openAlarm({
      commit: () => platform([]) as never,
      write: (time, info) => write('a', time, info),
    })
    expect(() => wrong.set(1)).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ code: 'ALARM_RETURN_INVALID' }) }),
    )
    const right = openAlarm({
      commit: () => fromPlatform(platform([])),
      write: (time, info) => write('b', time, info),
    })
    let isConfirmed = false
    right.confirmed().subscribe(() => {
      isConfirmed = true
    })
    right.set(1)
    expect([isConfirmed, right.time]).toEqual([true, 1])
    right.close()
  })

  it('is aborted when nobody listens any more', () => {
    const signals: AbortSignal[] = []
    const source$ = fromPlatform(platform(signals))
    source$.subscribe()
    source$.subscribe().unsubscribe()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
    expect(source$).toBeInstanceOf(Observable)
  })
})
