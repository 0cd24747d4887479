import type { Defines, Question } from './spin.ts'

/** What may happen at most, and what is asked of all that can come of it. */
export interface Bound {
  readonly name: string
  readonly file: 'nolater.pml' | 'turns.pml'
  readonly questions: readonly Question[]
  readonly defines: Defines
}

const nothing = { FAILURES: 0, CRASHES: 0, LATE: 0, WAITERS: 0 }
const once = { FAILURES: 1, CRASHES: 1, LATE: 1, WAITERS: 0 }

/** Asked by `npm test`. */
export const smallBounds: readonly Bound[] = [
  {
    name: 'one intent, it fails once',
    file: 'nolater.pml',
    questions: ['arrives'],
    defines: { ...nothing, INTENTS: 1, FAILURES: 1, TIMES: 2 },
  },
  { name: 'three actors take turns', file: 'turns.pml', questions: ['fair'], defines: {} },
]

/** Asked by `npm run spec`. */
export const fullBounds: readonly Bound[] = [
  {
    name: 'one intent, everything can go wrong once, one waits',
    file: 'nolater.pml',
    questions: ['safety'],
    defines: { ...once, INTENTS: 1, WAITERS: 1, TIMES: 2 },
  },
  {
    name: 'everything can go wrong once',
    file: 'nolater.pml',
    questions: ['safety', 'ends'],
    defines: { ...once, INTENTS: 2 },
  },
  {
    name: 'one waits',
    file: 'nolater.pml',
    questions: ['safety', 'ends', 'arrives'],
    defines: { ...once, INTENTS: 1, WAITERS: 1 },
  },
  {
    name: 'four intents',
    file: 'nolater.pml',
    questions: ['safety', 'ends'],
    defines: { ...nothing, INTENTS: 4, TIMES: 2 },
  },
  {
    name: 'two failures',
    file: 'nolater.pml',
    questions: ['safety', 'ends'],
    defines: { ...nothing, INTENTS: 2, FAILURES: 2, LATE: 1, TIMES: 2 },
  },
  {
    name: 'given up, and retried',
    file: 'nolater.pml',
    questions: ['safety', 'ends'],
    defines: { ...nothing, INTENTS: 2, FAILURES: 1, GIVEUPS: 2, TIMES: 2 },
  },
  {
    name: 'touched and unconfirmed',
    file: 'nolater.pml',
    questions: ['safety', 'ends', 'arrives'],
    defines: { ...nothing, INTENTS: 1, EXTRAS: 1, CRASHES: 1, WAITERS: 1, TIMES: 2 },
  },
  {
    name: 'without reconciling',
    file: 'nolater.pml',
    questions: ['safety'],
    defines: { ...once, INTENTS: 1, RECONCILE: 'false' },
  },
  {
    name: 'what is due may wait',
    file: 'nolater.pml',
    questions: ['safety', 'ends'],
    defines: { ...nothing, INTENTS: 2, FAILURES: 1, TIMES: 2, LAZY: 1 },
  },
  {
    name: 'two incarnations',
    file: 'nolater.pml',
    questions: ['safety', 'ends'],
    defines: { ...nothing, INTENTS: 1, CRASHES: 1, LATE: 1, TIMES: 2, OWNERS: 2 },
  },
  { name: 'three actors take turns', file: 'turns.pml', questions: ['fair'], defines: {} },
]
