import type { Keeper } from './keeper.ts'
import { noLater } from './keepers/no-later.ts'
import { overheard } from './keepers/overheard.ts'
import { parkedChain } from './keepers/parked-chain.ts'
import { switchMapOverTheWrite } from './keepers/switch-map.ts'

/** One way of keeping alarms, as the page shows it. */
export interface Contender {
  readonly id: 'switch-map' | 'parked-chain' | 'nolater'
  readonly title: string
  readonly idea: string
  readonly keeper: Keeper
}

export const CONTENDERS: readonly Contender[] = [
  {
    id: 'nolater',
    title: 'nolater',
    idea: 'Earlier first, then commit, later last; what to write is worked out when its turn comes.',
    keeper: noLater,
  },
  {
    id: 'switch-map',
    title: 'switchMap over the write',
    idea: 'Only the newest alarm counts; the write before it is cancelled. A cancelled request may still be applied.',
    keeper: overheard(switchMapOverTheWrite),
  },
  {
    id: 'parked-chain',
    title: 'promise chain, parked value',
    idea: 'One write after the other; the next later one is parked, and written even if it is no longer true.',
    keeper: overheard(parkedChain),
  },
]
