import type { Rival } from '../rival.ts'

/** One file each, loaded only by the process that measures it. */
const rivals = {
  nolater: () => import('./nolater.ts'),
  'nolater-one-config': () => import('./nolater-one-config.ts'),
  'promise-chain': () => import('./promise-chain.ts'),
  'p-queue': () => import('./p-queue.ts'),
  'p-limit': () => import('./p-limit.ts'),
  'async-mutex': () => import('./async-mutex.ts'),
  xstate: () => import('./xstate.ts'),
  'switch-map': () => import('./switch-map.ts'),
}

export type RivalId = keyof typeof rivals

/** Whoever runs; the one with one config for all differs only in what it weighs. */
export const rivalIds = (Object.keys(rivals) as RivalId[]).filter((id) => id !== 'nolater-one-config')

export async function loadRival(id: RivalId): Promise<Rival> {
  return (await rivals[id]()).default
}

/** As people call it. */
const names: Record<RivalId, string> = {
  nolater: 'nolater',
  'nolater-one-config': 'nolater, one config for all',
  'promise-chain': 'promise chain',
  'p-queue': 'p-queue',
  'p-limit': 'p-limit',
  'async-mutex': 'async-mutex',
  xstate: 'xstate machine',
  'switch-map': 'switchMap',
}

export function nameOf(id: RivalId): string {
  return names[id]
}
