import { type Library, library as sources } from './library.ts'
import { type Feature, madeUp } from './made-up.ts'
import { type Outcome, runProgramme } from './run-programme.ts'
import { shrink } from './shrink.ts'

export interface Search {
  readonly seed: number
  /** programmes, at most */
  readonly runs: number
  readonly without?: ReadonlySet<Feature>
  readonly library?: Library
  /** leave the first that fails as it was found */
  readonly asFound?: boolean
}

export interface Found extends Outcome {
  /** programmes until it was found, without the shrinking */
  readonly runs: number
}

/** Makes up programmes until one fails, and shrinks that. */
export async function find(search: Search): Promise<Found | null> {
  const { seed, runs, without, library = sources, asFound = false } = search
  for (let run = 1; run <= runs; run++) {
    const outcome = await runProgramme(madeUp(seed + run - 1, without), library)
    if (outcome.faults.length === 0) continue
    return { ...(asFound ? outcome : await shrink(outcome, library)), runs: run }
  }
  return null
}
