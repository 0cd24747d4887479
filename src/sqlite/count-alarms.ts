import type { DatabaseSync } from 'node:sqlite'
import type { ListedState } from '../vocabulary/listed-alarm.ts'

/** Counts what `stateOf` in ../ledger/list-alarms.ts says, from the indexes: without a look at the alarms that only wait for their time. */
export function countAlarms(db: DatabaseSync): (now: number) => Readonly<Record<ListedState, number>> {
  const waiting = db.prepare(`
    SELECT
      (SELECT count(*) FROM alarm WHERE due IS NOT NULL) AS whole,
      (SELECT count(*) FROM alarm WHERE due <= :now AND aside IS NULL) +
        (SELECT count(*) FROM alarm WHERE due <= :now AND aside IS NOT NULL) AS due,
      (SELECT count(*) FROM alarm WHERE due IS NULL AND time IS NOT NULL) AS failed`)
  // By its name: SQLite would look at each row of the larger index instead.
  const begun = db.prepare(`
    SELECT count(*) FILTER (WHERE leased_until > :now) AS delivering,
      count(*) FILTER (WHERE leased_until > :now AND due <= :now) AS both,
      count(*) FILTER (WHERE coalesce(leased_until, 0) <= :now AND due > :now AND begun = 1 AND counted + uncounted > 0) AS resting
    FROM alarm INDEXED BY alarm_waiting WHERE due IS NOT NULL AND (begun = 1 OR leased_until IS NOT NULL)`)
  return (now) => {
    const { whole, due, failed } = waiting.get({ now }) as Readonly<
      Record<'whole' | 'due' | 'failed', number>
    >
    const { delivering, both, resting } = begun.get({ now }) as Readonly<
      Record<'delivering' | 'both' | 'resting', number>
    >
    const isDue = due - both
    return {
      pending: whole - isDue - delivering - resting,
      due: isDue,
      delivering,
      'backing-off': resting,
      failed,
    }
  }
}
