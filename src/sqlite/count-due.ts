import type { DatabaseSync } from 'node:sqlite'
import { edgesOf } from '../ledger/due-span.ts'
import type { DueSpan } from '../vocabulary/manager-stats.ts'

/** Counts by ranges of the indexes, without a look at what is due before or after. */
export function countDueIn(db: DatabaseSync): (span: DueSpan) => readonly number[] {
  const range = 'due >= :from AND due < :until'
  const count = db.prepare(`
    SELECT (SELECT count(*) FROM alarm WHERE aside IS NULL AND ${range}) +
      (SELECT count(*) FROM alarm WHERE aside IS NOT NULL AND ${range}) AS count`)
  return (span) => {
    const edges = edgesOf(span)
    return edges
      .slice(0, -1)
      .map(
        (from, part) => count.get({ from, until: edges[part + 1] as number }) as { readonly count: number },
      )
      .map(({ count }) => count)
  }
}
