import type { DatabaseSync } from 'node:sqlite'
import { AlarmError } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'
import { connect } from './connect.ts'
import { makeDurable } from './make-durable.ts'
import { snapshot } from './snapshot.ts'
import { storageError } from './storage-error.ts'
import { inTransaction } from './transaction.ts'

/** What a file holds, in numbers that SQLite keeps in its header. */
export interface Schema {
  /** what the file is of, for people: `alarms` */
  readonly name: string
  readonly applicationId: number
  readonly version: number
  /** Brings the tables from a version to this one, 0 for an empty file; runs inside a transaction. */
  migrate(db: DatabaseSync, from: number): void
}

/**
 * Opens a file for durable writes, and brings its schema up to date.
 *
 * Throws `ALARM_STORAGE_MISSING` on a Node before 22.16, `ALARM_STORAGE_INVALID` for a file that is no database or that of
 * something else, `ALARM_STORAGE_NEWER`, `ALARM_STORAGE_READONLY`, `ALARM_STORAGE_LOCKED` after `busyTimeout` ms, `ALARM_STORAGE_FAILED`
 * for what else goes wrong. A file that is refused is left as it was.
 */
export function openDatabase(file: string, schema: Schema, busyTimeout?: number): DatabaseSync {
  const db = connect(file, busyTimeout)
  try {
    snapshot(db, () => versionIn(db, file, schema))
    makeDurable(db, file, busyTimeout)
    inTransaction(db, file, () => {
      const from = versionIn(db, file, schema)
      if (from === schema.version) return
      schema.migrate(db, from)
      db.exec(`PRAGMA application_id = ${schema.applicationId}; PRAGMA user_version = ${schema.version}`)
    })
    // A file that is read-only says so when it is written, and not before.
    db.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${schema.version}; ROLLBACK`)
    return db
  } catch (error) {
    db.close()
    throw storageError(error, file)
  }
}

/** The version of the schema that a file holds, 0 for none; refuses other people's. */
export function versionIn(db: DatabaseSync, file: string, { name, applicationId, version }: Schema): number {
  const number = (sql: string): number => Number(Object.values(db.prepare(sql).get()!)[0])
  const holds = number('PRAGMA application_id')
  const from = number('PRAGMA user_version')
  const isEmpty = holds === 0 && from === 0 && number('SELECT count(*) FROM sqlite_schema') === 0
  if (!isEmpty && holds !== applicationId) {
    throw new AlarmError(
      'ALARM_STORAGE_INVALID',
      `The database ${given(file)} is not one of ${name}, it belongs to something else. Give a file of its own.`,
      { counted: false },
    )
  }
  if (from > version) {
    throw new AlarmError(
      'ALARM_STORAGE_NEWER',
      `The database ${given(file)} has version ${from} of the schema of ${name}, this library knows ${version}. Install a newer one.`,
      { counted: false },
    )
  }
  return from
}
