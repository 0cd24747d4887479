/** One line of a script: at `at` ms from the start, an actor wants to be woken at `set` ms from the start, or not at all. */
export interface ScriptLine {
  readonly at: number
  readonly actor: string
  /** `null`: delete */
  readonly set: number | null
}

/** What a run is to do: everything that the two processes agree on, and all of it in a file. */
export interface Plan {
  readonly seed: number
  /** ms since the epoch: 0 on the script's clock */
  readonly start: number
  /** ms from the start; alarms set for later than this are left standing */
  readonly length: number
  readonly actors: readonly string[]
  /** whose story is told in the end */
  readonly hero: string
  /** in the order of their times */
  readonly lines: readonly ScriptLine[]
  /** of the built-in mix only: handlers fail now and then, take their time, set the alarm again */
  readonly hasMoods: boolean
}

/** ms within which a handler must answer. Short, so that what a killed process had in hand is soon delivered again. */
export const LEASE = 1_000

/** The actors of a script, in the order in which they appear. */
export function actorsOf(lines: readonly ScriptLine[]): string[] {
  return [...new Set(lines.map(({ actor }) => actor))]
}

/** The actor with the most lines: whose story is told. */
export function busiestOf(lines: readonly ScriptLine[]): string {
  const counts = new Map<string, number>()
  for (const { actor } of lines) counts.set(actor, (counts.get(actor) ?? 0) + 1)
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most))[0]
}
