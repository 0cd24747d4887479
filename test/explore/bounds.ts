import type { ExploreOptions } from './explorer/options.ts'

export interface Bound extends ExploreOptions {
  readonly name: string
}

const nothing = { wakes: 0, failures: 0, crashes: 0, late: 0 }
const once = { wakes: 1, failures: 1, crashes: 1, late: 1 }
const twice = { ...once, wakes: 2 }

// The store's row is the manager's, too, as that of `postgresFleet`.
const oneCopy = { reconcile: false, world: { oneCopy: true } }

/** Explored by `npm test`. */
export const smallBounds: readonly Bound[] = [
  { name: 'everything can go wrong once', ...once, intents: 2 },
  { name: 'set again, and delivered twice', ...nothing, intents: [1, 2, 2], wakes: 2, failures: 1 },
  { name: 'nothing goes wrong', ...nothing, intents: 3, wakes: 2 },
  {
    name: 'touched and unconfirmed',
    ...nothing,
    intents: 2,
    wakes: 1,
    crashes: 1,
    also: ['touch', 'unconfirmed'],
  },
  { name: 'abandoned', ...nothing, intents: 2, wakes: 2, crashes: 1, abandons: 1, also: ['touch'] },
  { name: 'without reconciling', ...once, intents: 2, reconcile: false },
  { name: 'synchronous writes', ...once, intents: 3, synchronous: ['write'] },
  { name: 'synchronous commits', ...once, intents: 2, synchronous: ['commit'] },
  { name: 'all synchronous', ...twice, intents: 4, failures: 2, synchronous: ['write', 'commit'] },
  { name: 'one copy', ...twice, intents: 2, ...oneCopy },
]

/** Explored by `npm run explore`. */
export const fullBounds: readonly Bound[] = [
  { name: 'four intents', ...twice, intents: 4 },
  { name: 'two failures', ...twice, intents: 2, failures: 2 },
  { name: 'two crashes, two late writes', ...once, intents: 2, crashes: 2, late: 2 },
  { name: 'three wake-ups', ...once, intents: 2, wakes: 3 },
  { name: 'touched and unconfirmed', ...twice, intents: 2, also: ['touch', 'unconfirmed'] },
  { name: 'abandoned', ...twice, intents: 2, abandons: 1, also: ['touch'] },
  { name: 'without reconciling', ...twice, intents: 3, reconcile: false },
  { name: 'synchronous writes', ...twice, intents: 4, synchronous: ['write'] },
  { name: 'synchronous commits', ...twice, intents: 3, synchronous: ['commit'] },
  { name: 'one copy', ...twice, intents: 3, failures: 2, ...oneCopy },
  {
    name: 'one copy, touched, unconfirmed and abandoned',
    ...twice,
    intents: 2,
    abandons: 1,
    also: ['touch', 'unconfirmed'],
    ...oneCopy,
  },
]

/** For schedules made up at random: far too many to explore all. */
export const deepBounds: ExploreOptions = {
  intents: 12,
  times: 5,
  wakes: 6,
  failures: 5,
  crashes: 2,
  late: 3,
  abandons: 2,
  also: ['touch', 'unconfirmed'],
}
