import type { DatabaseSync } from 'node:sqlite'

/** Reads the file as it is at one moment: between two statements by themselves another process may have made its tables. */
export function snapshot<T>(db: DatabaseSync, read: () => T): T {
  db.exec('BEGIN')
  try {
    return read()
  } finally {
    if (db.isTransaction) db.exec('ROLLBACK')
  }
}
