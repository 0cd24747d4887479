import { EMPTY, from, noop, Observable, type OperatorFunction, of, Subscription } from 'rxjs'
import { type AlarmEvent, type KeyedEvent, keepAlarm, keepAlarms, openAlarm } from '../../src/index.ts'
import { type ClassifiedMove, classifyMoves } from '../../src/operators/classify-moves.ts'
import { conflateMap } from '../../src/operators/conflate-map.ts'
import { gate } from '../../src/operators/gate.ts'
import { latestWhen } from '../../src/operators/latest-when.ts'
import { listen } from '../../src/operators/listen.ts'
import type { Turns as PostgresTurns } from '../../src/postgres/store-turns.ts'
import { holdUntilNotified as postgresGate } from '../../src/postgres/turn-gate.ts'
import { holdUntilNotified as sqliteGate } from '../../src/sqlite/store-gate.ts'
import type { Turns as SqliteTurns, Turn } from '../../src/sqlite/store-turn.ts'
import { type AlarmIntent, type KeyedIntent, setAlarm } from '../../src/vocabulary/intent.ts'
import { goesOn, leakyLaw, obeysTheLaws, tornDown } from './laws.ts'
import type { Side } from './leaky.ts'

function thrower(error: unknown): () => never {
  return () => {
    throw error
  }
}

const numbers = { value: (n: number) => n, about: (n: number) => n }

obeysTheLaws<AlarmIntent, ClassifiedMove>('classifyMoves', {
  value: setAlarm,
  about: ({ time }) => time ?? undefined,
  build: () => classifyMoves(10),
  sided: false,
  throwing: { 'the bound': (error) => classifyMoves(thrower(error)) },
  exempt: {
    [tornDown('completes')]: 'it is a map, which holds nothing that could stand in the way',
    [tornDown('fails')]: 'likewise',
  },
})

obeysTheLaws('gate', {
  ...numbers,
  build: (side) => gate(side(of(true))),
  sided: true,
})

obeysTheLaws('latestWhen', {
  ...numbers,
  build: (side) => latestWhen(side(of(true))),
  sided: true,
})

obeysTheLaws('conflateMap', {
  ...numbers,
  build: (side) => conflateMap((n) => side(of(n))),
  sided: true,
  throwing: { project: (error) => conflateMap(thrower(error)) },
})

const fromStore = 'a turn that fails breaks the store, and its gate stays shut'
const neverFails = {
  'passes a synchronous error of what it was given on, with nothing left subscribed': fromStore,
  'passes a later error of what it was given on, with nothing left subscribed': fromStore,
  [leakyLaw('what it was given failing, beside such a source')]: fromStore,
  [leakyLaw('what it was given failing, torn down so')]: fromStore,
}

const instant = { commit: () => EMPTY, write: () => EMPTY, reconcile: false }

obeysTheLaws<AlarmIntent, AlarmEvent>('keepAlarm', {
  value: setAlarm,
  about: (event) => (event.kind === 'drained' ? (event.time ?? undefined) : undefined),
  build: (side) => keepAlarm({ ...instant, commit: () => side(EMPTY), write: () => side(EMPTY) }),
  sided: true,
  throwing: {
    commit: (cause) => keepAlarm({ ...instant, commit: thrower(cause) }),
    write: (cause) => keepAlarm({ ...instant, write: thrower(cause) }),
  },
  exempt: {
    'passes a synchronous error of what it was given on, with nothing left subscribed':
      'as in mergeMap, a call that fails while it is being subscribed is torn down when its subscribe returns',
  },
})

const fleet = { ...instant, load: () => of({ time: null, epoch: 1 }) }
const keyed = {
  value: (n: number): KeyedIntent => ({ ...setAlarm(n), key: 'a' }),
  about: (event: KeyedEvent) => (event.kind === 'drained' ? (event.time ?? undefined) : undefined),
  sided: true,
  exempt: {
    'passes a synchronous error of what it was given on, with nothing left subscribed':
      'what is wrong with one actor is an event of its key, and never ends the others',
    'passes a later error of what it was given on, with nothing left subscribed': 'likewise',
    [leakyLaw('what it was given failing, beside such a source')]: 'likewise',
    [leakyLaw('what it was given failing, torn down so')]: 'likewise',
  },
}

obeysTheLaws<KeyedIntent, KeyedEvent>('keepAlarms', {
  ...keyed,
  build: (side) => keepAlarms({ ...fleet, commit: () => side(EMPTY), write: () => side(EMPTY) }),
})

obeysTheLaws<KeyedIntent, KeyedEvent>('keepAlarms, while it loads an actor,', {
  ...keyed,
  build: (side) => keepAlarms({ ...fleet, load: () => side(fleet.load()) }),
  exempt: {
    ...keyed.exempt,
    [goesOn]:
      'it does, but take(1) swallows what the teardown throws, and the law wants to see it: of a load one value is read',
  },
})

obeysTheLaws<KeyedIntent, KeyedEvent>('keepAlarms with deliveries', {
  ...keyed,
  build: (side) => keepAlarms({ ...fleet, commit: () => side(EMPTY), deliveries: () => EMPTY }),
})

obeysTheLaws('holdUntilConfirmed, of an alarm that nothing is asked,', {
  ...numbers,
  build: () => openAlarm(instant).holdUntilConfirmed<number>(),
  sided: false,
})

const notItsOwn = {
  'passes the error of its source on while it holds a value, and drops that':
    'the commit that it waits for is not its own to cancel',
  'passes the error of its source on, after what it was given is torn down': 'likewise',
  'completes only when the last value is out': 'likewise',
  'stops the source at once when it is unsubscribed inside next': 'likewise',
  [leakyLaw('a source that ends at once while its value is held')]:
    'what asks stands between it and its source, and has completed',
}

/** Lets each value come behind something that is asked for; `ask` returns the gate, which holds until that is done. */
function behind(open: () => { ask(n: number): void; gate: OperatorFunction<number, number>; close(): void }) {
  return (source: Observable<number>) =>
    new Observable<number>((subscriber) => {
      const { ask, gate, close } = open()
      // Through no operator of RxJS's, which would swallow what a teardown throws.
      const asked = new Observable<number>((own) => {
        const inputs = new Subscription()
        own.add(inputs)
        listen(source, inputs, {
          next(n) {
            ask(n)
            own.next(n)
          },
          error: (error) => own.error(error),
          complete: () => own.complete(),
        })
      })
      subscriber.add(close)
      listen(asked.pipe(gate), subscriber, subscriber)
    })
}

obeysTheLaws<number, number>('holdUntilConfirmed', {
  ...numbers,
  build: (side) =>
    behind(() => {
      const alarm = openAlarm({ ...instant, commit: () => side(EMPTY) })
      return {
        ask: (n) => alarm.set(n),
        gate: alarm.holdUntilConfirmed(),
        close: () => alarm.close(),
      }
    }),
  sided: true,
  exempt: notItsOwn,
})

/** One after the other, each for all that was asked for until it began. */
function turnsOf(side: Side, done: () => void) {
  const running = new Subscription()
  let isRunning = false
  let asked = 0
  let notified = 0
  const run = (): void => {
    if (isRunning || asked === notified) return
    const covers = asked
    isRunning = true
    running.add(
      from(side(EMPTY)).subscribe({
        error: noop,
        complete() {
          isRunning = false
          notified = covers
          done()
          run()
        },
      }),
    )
  }
  return {
    running,
    turns: {
      get asked() {
        return asked
      },
      get notified() {
        return notified
      },
    },
    ask() {
      asked++
      run()
    },
  }
}

obeysTheLaws<number, number>('the gate of a store on PostgreSQL', {
  ...numbers,
  build: (side) =>
    behind(() => {
      const listeners = new Set<() => void>()
      const { running, turns, ask } = turnsOf(side, () => {
        for (const listener of [...listeners]) listener()
      })
      return {
        ask,
        gate: postgresGate(Object.assign(turns, { listeners }) as PostgresTurns),
        close: () => running.unsubscribe(),
      }
    }),
  sided: true,
  exempt: { ...notItsOwn, ...neverFails },
})

obeysTheLaws<number, number>('the gate of a store on SQLite', {
  ...numbers,
  build: (side) =>
    behind(() => {
      const turns: { current: Turn | null } = { current: null }
      const { running, ask } = turnsOf(side, () => {
        const { current } = turns
        turns.current = null
        if (current === null) return
        current.isNotified = true
        for (const notify of current.notified) notify()
      })
      return {
        ask() {
          turns.current ??= { alarm: undefined, isConfirmed: true, isNotified: false, notified: new Set() }
          ask()
        },
        gate: sqliteGate(turns as SqliteTurns),
        close: () => running.unsubscribe(),
      }
    }),
  sided: true,
  exempt: { ...notItsOwn, ...neverFails },
})
