import type { DatabaseSync } from 'node:sqlite'

/** Drops all that is the user's: tables, views, triggers, values, and the version of their schema. */
export function wipe(db: DatabaseSync): void {
  db.exec('PRAGMA defer_foreign_keys = ON; PRAGMA user_version = 0; DELETE FROM _nolater_values')
  // One at a time: a virtual table takes its shadow tables along.
  const next = db.prepare(`
    SELECT type, name FROM sqlite_schema
    WHERE type IN ('table', 'view') AND name NOT LIKE '\\_nolater\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    ORDER BY type = 'view' DESC, sql LIKE 'CREATE VIRTUAL %' DESC LIMIT 1`)
  for (let found = next.get(); found !== undefined; found = next.get()) {
    db.exec(`DROP ${found.type} "${String(found.name).replaceAll('"', '""')}"`)
  }
  db.exec('PRAGMA defer_foreign_keys = OFF')
}
