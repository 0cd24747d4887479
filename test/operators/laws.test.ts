import { EMPTY, of } from 'rxjs'
import { type AlarmEvent, type KeyedEvent, keepAlarm, keepAlarms, openAlarm } from '../../src/index.ts'
import { type AlarmIntent, type KeyedIntent, setAlarm } from '../../src/intent.ts'
import { type ClassifiedMove, classifyMoves } from '../../src/operators/classify-moves.ts'
import { conflateMap } from '../../src/operators/conflate-map.ts'
import { gate } from '../../src/operators/gate.ts'
import { latestWhen } from '../../src/operators/latest-when.ts'
import { obeysTheLaws } from './laws.ts'

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
  },
}

obeysTheLaws<KeyedIntent, KeyedEvent>('keepAlarms', {
  ...keyed,
  build: (side) => keepAlarms({ ...fleet, commit: () => side(EMPTY), write: () => side(EMPTY) }),
})

obeysTheLaws<KeyedIntent, KeyedEvent>('keepAlarms, while it loads an actor,', {
  ...keyed,
  build: (side) => keepAlarms({ ...fleet, load: () => side(fleet.load()) }),
})

obeysTheLaws<KeyedIntent, KeyedEvent>('keepAlarms with deliveries', {
  ...keyed,
  build: (side) => keepAlarms({ ...fleet, commit: () => side(EMPTY), deliveries: () => EMPTY }),
})

obeysTheLaws('holdUntilConfirmed', {
  ...numbers,
  build: () => openAlarm(instant).holdUntilConfirmed<number>(),
  sided: false,
})
