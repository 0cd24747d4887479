import { queryObjects } from 'node:v8'
import { type AlarmIntent, type AlarmTime, keepAlarm, memoryManager, openAlarm, setAlarm } from 'nolater'
import { EMPTY, NEVER, Observable, type ObservableInput, Subject, Subscription } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { type VirtualClock, virtualClock } from '../virtual-clock.ts'
import { someTime } from './scenario.ts'

const INTENTS = 100_000

/** Far below what 100,000 intents, or a hundred leases that end, would leave behind; above what a register or a cache may still hold. */
const FEW = 50

/** How many there are in the heap after a collection: what somebody still holds. */
const subscriptions = (): number => Number(queryObjects(Subscription, { format: 'count' }))

/** Counts who is subscribed to what a call returns. */
function counted(call: () => ObservableInput<never>) {
  const seen = { begun: 0, live: 0 }
  const call$ = new Observable<never>((subscriber) => {
    seen.begun++
    seen.live++
    subscriber.add(() => seen.live--)
    subscriber.add((call() as Observable<never>).subscribe(subscriber))
  })
  return { seen, call$ }
}

/** A write that a virtual ms takes. */
function slow(clock: VirtualClock): Observable<never> {
  return new Observable((subscriber) => clock.schedule(() => subscriber.complete(), 1))
}

/** The same actor behind both faces of the library. */
const faces: Record<string, (config: Parameters<typeof openAlarm>[0]) => (time: number) => void> = {
  openAlarm(config) {
    const alarm = openAlarm(config)
    return (time) => alarm.set(time)
  },
  keepAlarm(config) {
    const intents$ = new Subject<AlarmIntent>()
    intents$.pipe(keepAlarm(config)).subscribe()
    return (time) => intents$.next(setAlarm(time))
  },
}

describe.each(Object.entries(faces))('100,000 intents through %s', (_, open) => {
  it('leave nothing behind while a manager never answers', () => {
    const clock = virtualClock()
    const write = counted(() => NEVER)
    const commit = counted(() => EMPTY)
    const ask = open({ commit: () => commit.call$, write: () => write.call$, scheduler: clock })
    for (let n = 0; n < 1_000; n++) ask(someTime(clock.now(), n))
    const before = subscriptions()
    for (let n = 0; n < INTENTS; n++) ask(someTime(clock.now(), n))
    expect(subscriptions() - before).toBeLessThan(FEW)
    expect(write.seen).toEqual({ begun: 1, live: 1 })
    expect(commit.seen.live).toBe(0)
    expect(clock.pending()).toBe(0)
    ask(0) // until here it must not be collected as a whole
  })

  it('leave nothing behind when a slow manager has caught up', async () => {
    const clock = virtualClock()
    let held: AlarmTime = null
    const write = counted(() => slow(clock))
    const commit = counted(() => slow(clock))
    const ask = open({
      commit: () => commit.call$,
      write(time) {
        held = time
        return write.call$
      },
      scheduler: clock,
    })
    await clock.advance(10)
    const idle = subscriptions()
    let last = 0
    for (let n = 0; n < INTENTS; n++) {
      last = someTime(clock.now(), n)
      ask(last)
      if (n % 1_000 === 0) await clock.advance(1)
    }
    await clock.advance(20)
    expect(held).toBe(last)
    expect([write.seen.live, commit.seen.live, clock.pending()]).toEqual([0, 0, 0])
    expect(commit.seen.begun).toBeGreaterThan(10)
    expect(subscriptions() - idle).toBeLessThan(FEW)
    ask(0)
  })
})

describe('a handler that never ends', () => {
  it('leaves nothing behind, however often its actor is asked and its lease ends', async () => {
    const clock = virtualClock()
    const manager = memoryManager({ scheduler: clock, lease: 100 })
    const handler = counted(() => NEVER)
    let time: AlarmTime = null
    const alarm = openAlarm({
      commit(committed) {
        time = committed
        return EMPTY
      },
      write: (...write) => manager.write('', ...write),
      scheduler: clock,
    })
    manager.deliveries((delivery) => alarm.deliver(delivery, () => handler.call$)).subscribe()
    alarm.set(clock.now())
    await clock.advance(1_000)
    expect(handler.seen.begun).toBe(11)
    const before = subscriptions()
    await clock.advance(10_000)
    expect(handler.seen).toEqual({ begun: 111, live: 1 })
    for (let n = 0; n < INTENTS; n++) alarm.set(someTime(clock.now(), n))
    expect(handler.seen.live).toBe(1)
    expect(subscriptions() - before).toBeLessThan(FEW)
    expect(clock.pending()).toBe(1)
    expect(manager.get('')).toBe(time)
  })

  it('does not keep the others waiting', async () => {
    const clock = virtualClock()
    const manager = memoryManager({ scheduler: clock, lease: 1_000_000 })
    const done: string[] = []
    manager
      .deliveries(({ key }) => (key === 'stuck' ? NEVER : EMPTY), { concurrency: 2 })
      .subscribe(({ kind, key }) => kind === 'done' && done.push(key))
    const info = { move: 'earlier' as const, fence: 1, attempt: 1 }
    const write = (key: string): void => void manager.write(key, clock.now(), { key, ...info }).subscribe()
    write('stuck')
    for (let n = 0; n < 2_000; n++) write(`${n}`)
    const before = subscriptions()
    await clock.advance(1)
    expect(done).toHaveLength(2_000)
    expect(subscriptions() - before).toBeLessThan(FEW)
  })
})
