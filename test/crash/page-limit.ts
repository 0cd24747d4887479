import type { DatabaseSync } from 'node:sqlite'

const NO_LIMIT = 2 ** 32 - 2 // SQLite's own

/** The connections of this process, so that all of their databases can be full for a while. */
export interface PageLimit {
  /** No database may grow: whoever needs a page gets SQLITE_FULL. */
  full(): void
  room(): void
}

/** Must come before the first connection. The sources ask Node for `node:sqlite` when they need it, so they get this one. */
export function watchConnections(): PageLimit {
  const sqlite = process.getBuiltinModule('node:sqlite')
  const connections = new Set<DatabaseSync>()
  let limit = NO_LIMIT

  const set = (db: DatabaseSync): void => void db.prepare(`PRAGMA max_page_count = ${limit}`).get()

  function setAll(to: number): void {
    limit = to
    for (const db of connections) {
      if (db.isOpen) set(db)
      else connections.delete(db)
    }
  }

  const { DatabaseSync: Original } = sqlite
  Object.assign(sqlite, {
    DatabaseSync: class extends Original {
      constructor(...args: ConstructorParameters<typeof Original>) {
        super(...args)
        for (const db of connections) if (!db.isOpen) connections.delete(db)
        connections.add(this)
        if (limit !== NO_LIMIT) set(this)
      }
    },
  })
  return { full: () => setAll(1), room: () => setAll(NO_LIMIT) }
}
