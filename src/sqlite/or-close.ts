import type { DatabaseSync } from 'node:sqlite'
import { storageError } from './storage-error.ts'

/** What is made over a database that was just opened; if that fails, its file is let go: an opening that is tried again must not use up descriptors. */
export function orClose<T>(db: DatabaseSync, file: string, make: (db: DatabaseSync) => T): T {
  try {
    return make(db)
  } catch (error) {
    if (db.isOpen) db.close()
    throw storageError(error, file)
  }
}
