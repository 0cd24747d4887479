import { asapScheduler, defer, from, NEVER, Observable, of, Subscriber, tap } from 'rxjs'
import { describe, expect, it } from 'vitest'
import {
  classifyMoves,
  conflateMap,
  gate,
  latestWhen,
  memoryManager,
  multiplexTimers,
  openAlarm,
  openFleet,
  setAlarm,
} from '../../src/index.ts'
import { ignoreUncaught } from '../uncaught.ts'
import { virtualClock } from '../virtual-clock.ts'
import { type Call, ways } from './misbehaving-ways.ts'

// As in misbehaving-user-code.test.ts: what listens, what operators are given, and what stands beside the engine.

const MOST = 60 // calls: what spins makes thousands

/** Notes how each that waits was answered. */
interface Notes {
  /** calls the function that misbehaves */
  odd(): never
  wait(name: string, source$: unknown): void
  answer(name: string, answer: string): void
  turns(): Promise<void>
}

type Play = (notes: Notes) => Promise<void> | void

const instant = { reconcile: false, commit: () => [], write: () => [] } as const
const oddly = <T>(odd: () => unknown): Observable<T> => defer(odd as () => Observable<T>)

function quietly(ask: () => void): void {
  try {
    ask()
  } catch {}
}

/** The ways to listen: RxJS keeps what a listener throws from the producer, makes an error of it, or does neither. */
const listening: Record<string, (source$: Observable<unknown>, hear: () => void) => void> = {
  'a subscriber': (source$, next) => void source$.subscribe({ next, error: () => {} }),
  'an operator': (source$, hear) => void source$.pipe(tap(hear)).subscribe({ error: () => {} }),
  'a bare Subscriber': (source$, next) =>
    quietly(() =>
      source$.subscribe(
        new Subscriber({ next, error() {}, complete() {} } as unknown as Subscriber<unknown>),
      ),
    ),
}

/** What can be listened to, with something else that must be answered. */
const told: Record<
  string,
  (listen: (source$: Observable<unknown>) => void, notes: Notes) => void | Promise<void>
> = {
  events$(listen, { wait }) {
    const alarm = openAlarm(instant)
    listen(alarm.events$)
    quietly(() => alarm.set(5))
    wait('confirmed', alarm.confirmed())
    wait('drained', alarm.drained())
  },
  "a fleet's events$"(listen, { wait }) {
    const fleet = openFleet({ ...instant, load: () => of({ time: null, epoch: 1 }) })
    listen(fleet.events$)
    listen(fleet.actor('a').events$)
    quietly(() => fleet.actor('a').set(5))
    wait('confirmed', fleet.actor('a').confirmed())
    quietly(() => fleet.actor('b').set(5))
    wait('another actor', fleet.actor('b').drained())
  },
  'the gate'(listen, { wait }) {
    const commits: Subscriber<unknown>[] = []
    const alarm = openAlarm({
      ...instant,
      commit: () => new Observable((commit) => void commits.push(commit)),
    })
    alarm.set(5)
    listen(of(1, 2, 3).pipe(alarm.holdUntilConfirmed()))
    wait('another value', of(4).pipe(alarm.holdUntilConfirmed()))
    wait('confirmed', alarm.confirmed())
    for (const commit of commits) commit.complete()
    quietly(() => listen(of(5).pipe(alarm.holdUntilConfirmed())))
    quietly(() => alarm.set(6))
    for (const commit of commits) commit.complete()
    wait('confirmed afterwards', alarm.confirmed())
  },
  'confirmed()'(listen, { wait }) {
    const commits: Subscriber<unknown>[] = []
    const alarm = openAlarm({
      ...instant,
      commit: () => new Observable((commit) => void commits.push(commit)),
    })
    alarm.set(5)
    listen(alarm.confirmed())
    wait('another one', alarm.confirmed())
    for (const commit of commits) commit.complete()
  },
  async deliveries(listen, { wait }) {
    const clock = virtualClock()
    const manager = memoryManager({ scheduler: clock })
    listen(manager.deliveries(() => []))
    wait('a write', manager.write('a', 0, { key: 'a', move: 'earlier', fence: 1, attempt: 1 }))
    wait('another one', manager.write('b', 0, { key: 'b', move: 'earlier', fence: 1, attempt: 1 }))
    await clock.advance(0)
  },
}

function timersWith(name: 'load' | 'save' | 'handler' | 'abandon'): Play {
  return async ({ odd, wait, turns, answer }) => {
    let isOdd = name !== 'handler'
    let state: unknown = null
    const alarm = openAlarm({ ...instant })
    const timers = multiplexTimers({
      alarm,
      load: () => (isOdd && name === 'load' ? odd() : (state as null)),
      save(next) {
        if (isOdd && name === 'save') return odd()
        state = next
      },
    })
    quietly(() => timers.set('tea', 0))
    isOdd = false
    timers.set('tea', 0)
    isOdd = name === 'load' || name === 'save'
    const work = (): Observable<never> => {
      if (name === 'handler') return odd()
      throw { retry: false }
    }
    const options = name === 'abandon' ? { abandon: () => odd() } : {}
    if (name === 'abandon') wait('delivery before', timers.deliver({ scheduledTime: 0 }, work, options))
    wait('delivery', timers.deliver({ scheduledTime: 0 }, work, options))
    await turns()
    isOdd = false
    if (name === 'load' || name === 'save')
      wait(
        'delivery again',
        timers.deliver({ scheduledTime: 0 }, () => []),
      )
    answer('the timers', Number.isNaN(timers.get('tea')) ? 'lost' : 'done')
  }
}

/** What is a fleet's own. */
function fleetWith(name: 'changed$' | 'discard'): Play {
  return async ({ odd, wait, turns, answer }) => {
    let isBad = name === 'discard'
    let isOpen = false
    try {
      const fleet = openFleet({
        ...instant,
        load: () => of({ time: null, epoch: 1 }),
        commit: () => (isBad ? Promise.reject(new Error('down')) : []),
        ...(name === 'changed$' ? { changed$: oddly<string>(odd) } : { discard: () => odd() }),
      })
      isOpen = true
      const actor = fleet.actor('a')
      quietly(() => actor.set(5))
      wait('confirmed', actor.confirmed())
      wait('gate', of(1).pipe(actor.holdUntilConfirmed()))
      await turns()
      isBad = false
      quietly(() => actor.set(4))
      wait('confirmed afterwards', actor.confirmed())
      await turns()
      await fleet.close()
    } catch (error) {
      if (isOpen) throw error
      answer('openFleet', 'refused')
    }
  }
}

/** It is read for the events, in the middle of what is decided: while an actor is opened, and while one breaks. */
const clock: Play = async ({ odd, wait, turns }) => {
  let isOdd = false
  const fleet = openFleet({
    ...instant,
    scheduler: { now: () => (isOdd ? odd() : 0), schedule: asapScheduler.schedule.bind(asapScheduler) },
    load: () => of({ time: null, epoch: 1 }),
    write: (_, { key }) => (isOdd && key === 'breaks' ? Promise.reject(new Error('down')) : []),
  })
  fleet.events$.subscribe({ error: () => {} })
  fleet.actor('was there').set(5)
  for (const key of ['opens', 'breaks', 'was there']) {
    isOdd = true
    quietly(() => fleet.actor(key).set(4))
    wait(`${key}: confirmed`, fleet.actor(key).confirmed())
    await turns()
    isOdd = false
    quietly(() => fleet.actor(key).set(3))
    wait(`${key}: confirmed afterwards`, fleet.actor(key).confirmed())
  }
  await turns()
}

const failed = (name: 'retry' | 'discard'): Play => {
  return async ({ odd, wait, answer }) => {
    const manager = memoryManager()
    let options: unknown
    try {
      options = odd()
    } catch (error) {
      options = error
    }
    try {
      wait(name, manager[name]('a', options as never))
    } catch {
      answer(name, 'refused')
    }
  }
}

const intents$ = from([1, 2, 3].map((n) => setAlarm(n)))

/** None of them keeps others from what they wait for. */
const listeners: Record<string, Play> = Object.fromEntries(
  Object.entries(told).flatMap(([what, play]) =>
    Object.entries(listening).map(([how, listen]): [string, Play] => [
      `${how} of ${what}`,
      (notes) => play((source$) => listen(source$, notes.odd), notes),
    ]),
  ),
)

const entries: Record<string, Play> = {
  ...listeners,
  'project of conflateMap': ({ odd, wait }) =>
    wait('result', of(1, 2, 3).pipe(conflateMap(() => oddly(odd)))),
  'project of conflateMap, as it is,': ({ odd, wait }) => wait('result', of(1, 2, 3).pipe(conflateMap(odd))),
  'the bound of classifyMoves': ({ odd, wait }) => wait('result', intents$.pipe(classifyMoves(odd))),
  'the signal of gate': ({ odd, wait }) => wait('result', of(1, 2).pipe(gate(oddly(odd)))),
  'the signal of latestWhen': ({ odd, wait }) => wait('result', of(1, 2).pipe(latestWhen(oddly(odd)))),
  'load of multiplexTimers': timersWith('load'),
  'save of multiplexTimers': timersWith('save'),
  'the handler of multiplexTimers': timersWith('handler'),
  'abandon of multiplexTimers': timersWith('abandon'),
  'changed$ of a fleet': fleetWith('changed$'),
  'the clock of a fleet': clock,
  'discard of a fleet': fleetWith('discard'),
  "the options of a manager's retry": failed('retry'),
  "the options of a manager's discard": failed('discard'),
}

/** Lets one entry misbehave; returns how each that waits was answered. */
async function play(entry: string, way: Call): Promise<{ answers: Record<string, string>; calls: number }> {
  const answers: Record<string, string> = {}
  let calls = 0
  const turns = async (): Promise<void> => {
    for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve))
  }
  await entries[entry]!({
    odd: () => (++calls > MOST ? (NEVER as never) : (way() as never)),
    wait(name, source$) {
      answers[name] = 'waits'
      const ends = (end: string) => () => {
        answers[name] = end
      }
      if (source$ instanceof Observable) source$.subscribe({ error: ends('error'), complete: ends('done') })
      else Promise.resolve(source$).then(ends('done'), ends('error'))
    },
    answer: (name, answer) => {
      answers[name] = answer
    },
    turns,
  })
  await turns()
  return { answers, calls }
}

describe.each(Object.keys(entries))('%s that', (entry) => {
  ignoreUncaught()

  it.each(ways)('%s leaves nothing waiting, and does not spin', async (_, way) => {
    const { answers, calls } = await play(entry, way)
    const allowed = entry in listeners ? ['done'] : ['done', 'error', 'refused']
    expect(Object.entries(answers).filter(([, answer]) => !allowed.includes(answer))).toEqual([])
    expect(calls).toBeGreaterThan(0)
    expect(calls).toBeLessThan(MOST)
  })
})
