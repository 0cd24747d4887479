import type { Rival } from '../rival.ts'

/** One file each, loaded only by the process that measures it. */
const rivals = {
  nolater: () => import('./nolater.ts'),
  'nolater-fleet': () => import('./nolater-fleet.ts'),
  before: () => import('./before.ts'),
  'promise-chain': () => import('./promise-chain.ts'),
  'hand-written': () => import('./hand-written.ts'),
  'p-queue': () => import('./p-queue.ts'),
  'p-limit': () => import('./p-limit.ts'),
  'async-mutex': () => import('./async-mutex.ts'),
  'effect-queue': () => import('./effect-queue.ts'),
  'effect-semaphore': () => import('./effect-semaphore.ts'),
  xstate: () => import('./xstate.ts'),
  'switch-map': () => import('./switch-map.ts'),
}

export type RivalId = keyof typeof rivals

/** Those of each table: a fleet differs only in what it weighs, and the engine before has a part of its own. */
export const rivalIds = (Object.keys(rivals) as RivalId[]).filter(
  (id) => id !== 'nolater-fleet' && id !== 'before',
)

export async function loadRival(id: RivalId): Promise<Rival> {
  return (await rivals[id]()).default
}

/** As people call it. */
const names: Record<RivalId, string> = {
  nolater: 'nolater',
  'nolater-fleet': 'nolater, a fleet',
  before: 'nolater before its pipe decided',
  'promise-chain': 'promise chain',
  'hand-written': 'by hand, the rules only',
  'p-queue': 'p-queue',
  'p-limit': 'p-limit',
  'async-mutex': 'async-mutex',
  'effect-queue': "Effect's queue",
  'effect-semaphore': "Effect's semaphore",
  xstate: 'xstate machine',
  'switch-map': 'switchMap',
}

export function nameOf(id: RivalId): string {
  return names[id]
}
