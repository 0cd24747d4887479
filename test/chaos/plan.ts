import { SABOTAGES as OF_CRASH } from '../crash/plan.ts'

/** How a worker is broken on purpose, to see that the checker sees it: as in test/crash, and one who frees what others have leased. */
export const SABOTAGES = [...OF_CRASH, 'two-owners'] as const
export type Sabotage = (typeof SABOTAGES)[number]

/** What all processes of a run agree on. */
export interface Plan {
  readonly seed: number
  readonly connectionString: string
  readonly schema: string
  readonly actors: readonly string[]
  readonly workers: number
  readonly sabotage: Sabotage
}

/** ms within which a handler must answer; short, so that what a killed process had in hand is soon delivered again */
export const LEASE = 2_000

/** ms that the database holds a lease longer than that */
export const HELD_LONGER = 250

/** ms after which a client gives a statement up; a held row outlasts it */
export const TIMEOUT = 1_500

/** ms that an alarm may wait although nobody has leased it, no back-off runs and nothing is wrong: how long a job stays with the dead */
export const PATIENCE = 2 * LEASE

export function makePlan(
  seed: number,
  { actors = 24, workers = 3 } = {},
): Pick<Plan, 'seed' | 'actors' | 'workers'> {
  return { seed, workers, actors: Array.from({ length: actors }, (_, i) => `actor-${i}`) }
}
