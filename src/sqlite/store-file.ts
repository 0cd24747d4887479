import type { DatabaseSync } from 'node:sqlite'
import { AlarmError } from '../vocabulary/errors.ts'
import { checkEpoch, epochAbove, fenceOf, ofTheFormerSplit } from '../vocabulary/fence.ts'
import { given } from '../vocabulary/given.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import { alarmSchema } from './alarm-schema.ts'
import { connect } from './connect.ts'
import { makeDurable } from './make-durable.ts'
import { askToGiveWay } from './owner.ts'
import { snapshot } from './snapshot.ts'
import { storageError } from './storage-error.ts'
import { makeTimerTable } from './timer-table.ts'
import { inTransaction } from './transaction.ts'
import { type WhileThere, watchFile } from './watch-file.ts'

/** An actor's file, as it was opened. */
export interface StoreFile {
  readonly db: DatabaseSync
  readonly path: string
  /** around what commits */
  readonly whileThere: WhileThere
  readonly key: string
  /** of this opening, durable */
  readonly epoch: number
  /** the fence of the manager that its epoch was raised above as it was opened; `null`: it was above by itself */
  readonly raisedOver: number | null
  /** what the file held */
  readonly alarm: AlarmTime
}

/** The tables with this prefix are the store's, all others are the user's; so are `user_version` and `application_id`. */
export const RESERVED = '_nolater_'

export const STORE_VERSION = 3
const OWN_FILE = 'Give the store a file of its own.'

const OPEN = 'UPDATE _nolater_actor SET epoch = max(epoch, raised, ?) + 1, raised = 0 RETURNING epoch, alarm'

/**
 * Opens an actor's file, makes its tables if they are not there, and raises its epoch durably: above `held`, the fence of the manager, too.
 *
 * Throws what an SQLite file can throw (see `sqliteStore`). A file that is refused is left as it was.
 */
export function openStoreFile(
  path: string,
  key: string,
  busyTimeout: number | undefined,
  held: number | null,
): StoreFile {
  const db = connect(path, busyTimeout)
  try {
    snapshot(db, () => isOurs(db, path, key))
    askToGiveWay(db)
    makeDurable(db, path, busyTimeout)
    const opened = inTransaction(db, path, () => {
      if (!isOurs(db, path, key)) makeTables(db, key)
      else bringUp(db)
      makeTimerTable(db)
      return raiseEpoch(db, held)
    })
    return {
      db,
      path,
      whileThere: watchFile(db, path),
      key,
      ...opened,
    }
  } catch (error) {
    db.close()
    throw storageError(error, path)
  }
}

function raiseEpoch(
  db: DatabaseSync,
  held: number | null,
): Pick<StoreFile, 'epoch' | 'alarm' | 'raisedOver'> {
  const { next } = db.prepare('SELECT max(epoch, raised) + 1 AS next FROM _nolater_actor').get() as {
    next: number
  }
  const above = held !== null && held > fenceOf(next, 0) ? epochAbove(held, next) : null
  checkEpoch(above ?? next) // before it is raised: a file that cannot be opened any more stays as it is
  const opened = db.prepare(OPEN).get(above === null ? 0 : above - 1)
  return {
    ...(opened as Pick<StoreFile, 'epoch' | 'alarm'>),
    raisedOver: above === null ? null : held,
  }
}

export function refuseManagers(db: DatabaseSync, path: string): void {
  const holds = db.prepare('PRAGMA application_id').get()?.application_id
  if (holds === alarmSchema.applicationId) throw refused('INVALID', path, `is that of a manager. ${OWN_FILE}`)
}

export function hasTable(db: DatabaseSync, name: string): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(name) !== undefined
}

/** `false` for a file that no store has used yet. */
function isOurs(db: DatabaseSync, path: string, key: string): boolean {
  refuseManagers(db, path)
  if (hasTable(db, '_nolater_actors')) throw refused('INVALID', path, `is that of many actors. ${OWN_FILE}`)
  if (!hasTable(db, '_nolater_actor')) return false
  const { version, ...held } = db.prepare('SELECT * FROM _nolater_actor').get() as {
    version: number
    key: string
  }
  if (version > STORE_VERSION) {
    throw refused(
      'NEWER',
      path,
      `has version ${version} of the tables, this library knows ${STORE_VERSION}. Install a newer one.`,
    )
  }
  if (held.key !== key) {
    throw refused(
      'INVALID',
      path,
      `is the actor ${given(held.key)}'s, not ${given(key)}'s. Give each actor a file of its own.`,
    )
  }
  return true
}

/** From version 1, without `raised`, and 2, whose epochs had fewer bits. */
function bringUp(db: DatabaseSync): void {
  const { version } = db.prepare('SELECT version FROM _nolater_actor').get() as { version: number }
  if (version === STORE_VERSION) return
  if (version < 2) db.exec('ALTER TABLE _nolater_actor ADD COLUMN raised INTEGER NOT NULL DEFAULT 0')
  db.exec(`
    UPDATE _nolater_actor
    SET version = ${STORE_VERSION}, epoch = ${ofTheFormerSplit('max(epoch, raised)', 'min')}, raised = 0`)
}

function makeTables(db: DatabaseSync, key: string): void {
  db.exec(`
    CREATE TABLE _nolater_actor (
      version INTEGER NOT NULL, -- of these tables
      key TEXT NOT NULL,
      epoch INTEGER NOT NULL,   -- of the last opening
      alarm INTEGER,            -- ms since the epoch; null: none
      raised INTEGER NOT NULL DEFAULT 0 -- the epoch of its fences, above that, where the manager held a higher one; 0: not raised
    ) STRICT;
    CREATE TABLE _nolater_values (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID`)
  db.prepare('INSERT INTO _nolater_actor VALUES (?, ?, 0, NULL, 0)').run(STORE_VERSION, key)
}

export function refused(kind: 'INVALID' | 'NEWER', path: string, why: string): AlarmError {
  return new AlarmError(`ALARM_STORAGE_${kind}`, `The database ${given(path)} ${why}`, { counted: false })
}
