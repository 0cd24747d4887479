import { type Exploration, exploreSchedules } from './explorer/explore-schedules.ts'
import type { ExploreOptions } from './explorer/options.ts'
import type { Mutant } from './mutants.ts'
import { loadPatched } from './patch-engine.ts'

// From few things that can happen to many, so that what is found is short.
const ladder: readonly ExploreOptions[] = [
  { intents: 2, wakes: 0, failures: 0, crashes: 0, late: 0 },
  { intents: 2, wakes: 1, failures: 0, crashes: 0, late: 0 },
  { intents: 2, wakes: 1, failures: 1, crashes: 1, late: 1 },
]

/** Explores a mutant until it is caught; the last exploration says how, or that it was not. */
export async function catchMutant({ patches = [], world = {}, bounds = {} }: Mutant): Promise<Exploration> {
  const openAlarm = await loadPatched(patches)
  let last!: Exploration
  for (const [rung, bound] of ladder.entries()) {
    try {
      last = exploreSchedules({ ...bound, ...bounds, openAlarm, world, audits: false })
    } catch (error) {
      // A broken engine may lean on more than its record says. That hides schedules and never invents one: more of them will tell.
      if (rung === ladder.length - 1 || !String(error).includes('does not say all')) throw error
      continue
    }
    if (last.violation !== null) break
  }
  return last
}
