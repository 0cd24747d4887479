import type { DatabaseSync } from 'node:sqlite'
import { ofTheFormerSplit } from '../vocabulary/fence.ts'
import { connect } from './connect.ts'
import { makeDurable } from './make-durable.ts'
import { snapshot } from './snapshot.ts'
import { storageError } from './storage-error.ts'
import { hasTable, refused, refuseManagers } from './store-file.ts'
import { makeTimerTable } from './timer-table.ts'
import { inTransaction } from './transaction.ts'

export const ACTORS_VERSION = 4

/**
 * Opens the file of many actors, and makes its tables if they are not there.
 *
 * Throws what an SQLite file can throw (see `sqliteStores`). A file that is refused is left as it was.
 */
export function openActorsFile(path: string, busyTimeout?: number): DatabaseSync {
  const db = connect(path, busyTimeout)
  try {
    snapshot(db, () => isOurs(db, path))
    makeDurable(db, path, busyTimeout)
    inTransaction(db, path, () => {
      if (!isOurs(db, path)) makeTables(db)
      else bringUp(db)
      makeTimerTable(db)
    })
    return db
  } catch (error) {
    db.close()
    throw storageError(error, path)
  }
}

/** `false` for a file that no store has used yet. */
function isOurs(db: DatabaseSync, path: string): boolean {
  refuseManagers(db, path)
  if (hasTable(db, '_nolater_actor')) {
    throw refused(
      'INVALID',
      path,
      'is that of one actor. Give the actors that share a file one of their own.',
    )
  }
  if (!hasTable(db, '_nolater_actors')) return false
  const { version } = db.prepare('SELECT version FROM _nolater_version').get() as { version: number }
  if (version <= ACTORS_VERSION) return true
  const why = `has version ${version} of the tables, this library knows ${ACTORS_VERSION}. Install a newer one.`
  throw refused('NEWER', path, why)
}

/** From version 1, without `raised`, 2, whose epochs had fewer bits, and 3, without `forgotten`. */
function bringUp(db: DatabaseSync): void {
  const { version } = db.prepare('SELECT version FROM _nolater_version').get() as { version: number }
  if (version === ACTORS_VERSION) return
  if (version < 2) db.exec('ALTER TABLE _nolater_actors ADD COLUMN raised INTEGER NOT NULL DEFAULT 0')
  if (version < 3)
    db.exec(`UPDATE _nolater_actors SET epoch = ${ofTheFormerSplit('max(epoch, raised)', 'min')}, raised = 0`)
  db.exec(`
    ALTER TABLE _nolater_version ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;
    UPDATE _nolater_version SET version = ${ACTORS_VERSION}`)
}

function makeTables(db: DatabaseSync): void {
  db.exec(`
    CREATE TABLE _nolater_version (
      version INTEGER NOT NULL,            -- of these tables
      forgotten INTEGER NOT NULL DEFAULT 0 -- the highest epoch of all actors that were forgotten: a new one begins above it
    ) STRICT;
    INSERT INTO _nolater_version VALUES (${ACTORS_VERSION}, 0);
    CREATE TABLE _nolater_actors (
      key TEXT NOT NULL PRIMARY KEY,
      epoch INTEGER NOT NULL, -- of the last opening
      alarm INTEGER,          -- ms since the epoch; null: none
      raised INTEGER NOT NULL DEFAULT 0 -- the epoch of its fences, above that, where the manager held a higher one; 0: not raised
    ) STRICT, WITHOUT ROWID`)
}
