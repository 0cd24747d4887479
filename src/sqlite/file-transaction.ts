import type { DatabaseSync } from 'node:sqlite'
import type { AlarmError } from '../vocabulary/errors.ts'
import { inTransaction } from './transaction.ts'
import type { WhileThere } from './watch-file.ts'

/**
 * Does all of `work` durably, or none of it. The thread waits for the lock of another connection; given `locked`, it does not: nothing is
 * done then, and `locked` says what comes of it.
 */
export type Transaction = <T>(work: () => T, locked?: (error: AlarmError) => T) => T

/** The transactions of an open file, each with a look whether it is still there. */
export function fileTransaction(
  db: DatabaseSync,
  file: string,
  busyTimeout: number,
  whileThere: WhileThere,
): Transaction {
  return <T>(work: () => T, locked?: (error: AlarmError) => T): T => {
    if (locked === undefined) return whileThere(() => inTransaction(db, file, work))
    let refusal: AlarmError | null = null
    const atOnce = {
      busyTimeout,
      locked(error: AlarmError) {
        refusal = error
        return null
      },
    }
    const done = whileThere(() =>
      inTransaction<{ readonly value: T } | null>(db, file, () => ({ value: work() }), atOnce),
    )
    return done === null ? locked(refusal as unknown as AlarmError) : done.value
  }
}
