import type { AlarmManager } from '../vocabulary/manager.ts'
import type { Database } from './database.ts'

const databases = new WeakMap<AlarmManager, Database>()

/** A store of an actor may use the database of its manager. */
export function shareDatabase(manager: AlarmManager, db: Database): void {
  databases.set(manager, db)
}

export function databaseOf(manager: AlarmManager): Database | undefined {
  return databases.get(manager)
}
