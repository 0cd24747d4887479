import { type Exploration, type ExploreOptions, exploreSchedules } from '../../src/marbles/index.ts'
import type { Mutant } from './mutants.ts'
import { loadPatched } from './patch-engine.ts'

// From few things that can happen to many, so that what is found is short.
const bounds: readonly ExploreOptions[] = [
  { intents: 2, wakes: 0, failures: 0, crashes: 0, late: 0 },
  { intents: 2, wakes: 1, failures: 0, crashes: 0, late: 0 },
  { intents: 2, wakes: 1, failures: 1, crashes: 1, late: 1 },
]

/** Explores a mutant until it is caught; the last exploration says how, or that it was not. */
export async function catchMutant({ patches = [], world = {} }: Mutant): Promise<Exploration> {
  const openAlarm = await loadPatched(patches)
  let last!: Exploration
  for (const bound of bounds) {
    last = exploreSchedules({ ...bound, openAlarm, world })
    if (last.violation !== null) break
  }
  return last
}
