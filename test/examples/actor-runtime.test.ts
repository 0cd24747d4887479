import { memoryManager } from 'nolater'
import { type VirtualClock, virtualClock } from 'nolater/marbles'
import { type ActorStore, type SqliteStoreOptions, sqliteStore } from 'nolater/sqlite'
import { concat, EMPTY, NEVER, Observable, of, Subject, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { lamp } from '../../examples/actor-runtime/lamp.ts'
import { mailbox } from '../../examples/actor-runtime/mailbox.ts'
import { actorRuntime, type Behaviour, type Runtime } from '../../examples/actor-runtime/runtime.ts'
import { newFile } from '../sqlite/files.ts'
import { runExample } from './run-example.ts'

const IDLE = 1_000

interface Stage<M, R> extends Runtime<M, R> {
  readonly clock: VirtualClock
  /** what the actors' stores did */
  readonly log: string[]
  readonly stores: ActorStore[]
}

function stage<M, R>(
  behave: (store: ActorStore, clock: VirtualClock) => Behaviour<M, R>,
  more: Partial<SqliteStoreOptions> = {},
): Stage<M, R> {
  const clock = virtualClock()
  const manager = memoryManager({ scheduler: clock })
  const files = new Map<string, string>()
  const log: string[] = []
  const stores: ActorStore[] = []
  const runtime = actorRuntime<M, R>({
    manager,
    idle: IDLE,
    scheduler: clock,
    behave: (store) => behave(store, clock),
    open(key) {
      const file = files.get(key) ?? newFile()
      files.set(key, file)
      const store = sqliteStore({ file, key, manager, scheduler: clock, ...more })
      log.push(`${key} wakes`)
      const close = (): Promise<void> => {
        const closed = store.close()
        log.push(`${key} sleeps`)
        return closed
      }
      stores.push(store)
      return { ...store, close }
    },
  })
  return { ...runtime, clock, log, stores }
}

const watch = <T>(values$: Observable<T>, seen: unknown[] = []): unknown[] => {
  values$.subscribe({
    next: (value) => seen.push(value),
    error: (error) => seen.push(error.code ?? error.message),
    complete: () => seen.push('complete'),
  })
  return seen
}
const turn = (): Promise<void> => Promise.resolve()

describe('the mailbox of the actor runtime', () => {
  it('begins one work at a time, in order, whatever each comes to', () => {
    const inTurn = mailbox()
    const works = [new Subject<string>(), new Subject<string>(), new Subject<string>()]
    const begun: number[] = []
    const seen = works.map((work, i) =>
      watch(
        inTurn(() => {
          begun.push(i)
          return work
        }),
      ),
    )
    expect(begun).toEqual([0])
    works[0]!.next('a')
    works[0]!.complete()
    expect(begun).toEqual([0, 1])
    works[1]!.error(new Error('boom'))
    expect(begun).toEqual([0, 1, 2])
    expect(seen).toEqual([['a', 'complete'], ['boom'], []])
  })

  it('does not serve who has left, and ends the work of who leaves', () => {
    const inTurn = mailbox()
    let ended = 0
    const work = (): Observable<never> => new Observable(() => () => ended++)
    const first = inTurn(work).subscribe()
    const second = inTurn(work).subscribe()
    const third = watch(inTurn(() => of(3)))
    second.unsubscribe()
    expect([ended, third]).toEqual([0, []])
    first.unsubscribe()
    expect([ended, third]).toEqual([1, [3, 'complete']])
  })

  it('needs no deeper stack for 20,000 works that waited for one', () => {
    const inTurn = mailbox()
    const first = new Subject<never>()
    inTurn(() => first).subscribe()
    let done = 0
    for (let i = 0; i < 20_000; i++) inTurn(() => EMPTY).subscribe({ complete: () => done++ })
    first.complete()
    expect(done).toBe(20_000)
  })
})

describe('the actor runtime', () => {
  const staircase = () => stage(lamp(5_000))

  it('wakes an actor for a message, lets it sleep, wakes it for its alarm', async () => {
    const { ask, deliveries$, clock, log } = staircase()
    deliveries$.subscribe()
    const seen = watch(ask('hall', 'press'))
    expect(seen).toEqual([])
    await turn()
    expect(seen).toEqual([{ isLit: true, presses: 1 }, 'complete'])
    await clock.advanceAsync(IDLE - 1)
    expect(log).toEqual(['hall wakes'])
    await clock.advanceAsync(1)
    expect(log).toEqual(['hall wakes', 'hall sleeps'])
    await clock.advanceAsync(4_000)
    expect(log).toEqual(['hall wakes', 'hall sleeps', 'hall wakes'])
    expect(watch(ask('hall', 'look'))).toEqual([{ isLit: false, presses: 1 }, 'complete'])
    await clock.advanceAsync(IDLE)
    expect(log.at(-1)).toBe('hall sleeps')
  })

  it('keeps an actor awake while it is asked, each of its own', async () => {
    const { ask, clock, log } = staircase()
    ask('hall', 'press').subscribe()
    ask('cellar', 'press').subscribe()
    for (let i = 0; i < 5; i++) {
      await clock.advanceAsync(IDLE - 1)
      ask('hall', 'look').subscribe()
    }
    expect(log).toEqual(['hall wakes', 'cellar wakes', 'cellar sleeps'])
  })

  it('serves messages and alarms one at a time', async () => {
    const slow = new Subject<string>()
    const begun: string[] = []
    const { ask, deliveries$, clock, log } = stage<string, string>((store) => ({
      receive(message) {
        begun.push(message)
        if (message === 'slow') store.alarm.set(10)
        return message === 'slow' ? slow : of(message)
      },
      wake() {
        begun.push('alarm')
        return EMPTY
      },
    }))
    deliveries$.subscribe()
    ask('a', 'slow').subscribe()
    const seen = watch(ask('a', 'quick'))
    await clock.advanceAsync(20)
    expect(begun).toEqual(['slow'])
    await clock.advanceAsync(IDLE * 5)
    expect(log).toEqual(['a wakes'])
    slow.complete()
    expect(begun).toEqual(['slow', 'quick', 'alarm'])
    await clock.advanceAsync(0)
    expect(seen).toEqual(['quick', 'complete'])
  })

  it.each([
    ['cannot be opened', true],
    ['breaks', false],
  ])('tells everyone why an actor %s, and opens it again for the next message', async (_, isFullAtFirst) => {
    let isFull = isFullAtFirst
    const replicate = () => (isFull ? throwError(() => new Error('full')) : EMPTY)
    const { ask, log } = stage(lamp(5_000), { replicate })
    if (!isFull) ask('hall', 'look').subscribe()
    isFull = true
    const seen = [watch(ask('hall', 'press')), watch(ask('hall', 'look'))]
    await turn()
    expect(seen).toEqual([['ALARM_COMMIT_FAILED'], ['ALARM_COMMIT_FAILED']])
    isFull = false
    const again = watch(ask('hall', 'press'))
    await turn()
    expect(again.at(-1)).toBe('complete')
    expect(log).toEqual(isFullAtFirst ? ['hall wakes'] : ['hall wakes', 'hall sleeps', 'hall wakes'])
  })

  it('gives up an alarm whose handler fails for good, and keeps the actor', async () => {
    const { ask, deliveries$, clock } = stage<number, number>((store) => ({
      receive(time) {
        if (time > 0) store.alarm.set(time)
        return of(store.alarm.time ?? 0)
      },
      wake: () => throwError(() => new Error('boom')),
    }))
    const kinds = watch(deliveries$)
    ask('a', 10).subscribe()
    await clock.advanceAsync(10_000_000)
    expect(kinds.map((event) => (event as { kind: string }).kind).at(-1)).toBe('abandoned')
    expect(watch(ask('a', 0))).toEqual([0, 'complete'])
  })

  it('lets who leaves end the work', () => {
    const { ask } = stage<string, string>(() => ({
      receive: (message) => (message === 'never' ? NEVER : concat(of(message))),
      wake: () => EMPTY,
    }))
    const first = ask('a', 'never').subscribe()
    const second = watch(ask('a', 'b'))
    first.unsubscribe()
    expect(second).toEqual(['b', 'complete'])
  })

  it('does what its example says, in a process of its own', () => {
    expect(runExample('actor-runtime/main.ts')).toEqual([
      'hall wakes',
      'lit',
      'hall sleeps',
      'hall wakes',
      'dark',
      'hall sleeps',
    ])
  })
})
