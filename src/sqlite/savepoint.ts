import type { DatabaseSync } from 'node:sqlite'

/** Does all of `work` in the transaction that is open, or nothing. If it throws and there is none any more, all of it was rolled back. */
export function savepoint<T>(db: DatabaseSync, work: () => T): T {
  db.exec('SAVEPOINT _nolater_mark') // of the nested ones of this name, the innermost is meant
  try {
    const result = work()
    db.exec('RELEASE _nolater_mark')
    return result
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK TO _nolater_mark; RELEASE _nolater_mark')
    throw error
  }
}
