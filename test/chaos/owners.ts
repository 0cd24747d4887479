import type { RowChange } from './tables.ts'

/** One delivery, as the process that got it told of it. */
export interface Run {
  readonly key: string
  readonly worker: string
  readonly began: number
  /** when it ended, or its process did */
  ended: number
}

/**
 * Two handlers of one actor at work at the same time, while the lease of the first still lives.
 *
 * A handler that a process has not ended by itself ends with its lease. The lease of a delivery is the last that the row's history knows
 * from before it began.
 */
export function rivalsOf(runs: readonly Run[], history: readonly RowChange[]): string[] {
  const taken = history.filter(({ holder }, i) => holder !== null && holder !== history[i - 1]?.holder)
  const endOf = ({ began, ended }: Run): number =>
    Math.min(ended, taken.findLast(({ at }) => at <= began)?.leasedUntil ?? began)
  const sorted = runs.toSorted((a, b) => a.began - b.began)
  return sorted.flatMap((run, i) => {
    const rival = sorted.slice(0, i).find((before) => endOf(before) > run.began)
    if (rival === undefined) return []
    return [
      `OWNER ${run.key}: ${run.worker} began at ${run.began}, and ${rival.worker} was at work from ${rival.began} on`,
    ]
  })
}
