import type { DatabaseSync } from 'node:sqlite'
import { storageError } from './storage-error.ts'

/** Does all of `work` durably, or none of it. Takes the write lock at once: a transaction that asks for it later can only fail. */
export function inTransaction<T>(db: DatabaseSync, file: string, work: () => T): T {
  try {
    db.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      db.exec('COMMIT')
      return result
    } catch (error) {
      rollBack(db)
      throw error
    }
  } catch (error) {
    throw storageError(error, file)
  }
}

/** SQLite has rolled back by itself after some errors, and says so with another one. */
function rollBack(db: DatabaseSync): void {
  try {
    db.exec('ROLLBACK')
  } catch {}
}
