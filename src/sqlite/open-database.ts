import type { DatabaseSync } from 'node:sqlite'
import { AlarmConfigError, AlarmError, given } from '../errors.ts'
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
 * Throws `ALARM_STORAGE_MISSING` on a Node without `node:sqlite`, `ALARM_STORAGE_INVALID` for a file that is no database or that of
 * something else, `ALARM_STORAGE_NEWER`, `ALARM_STORAGE_READONLY`, `ALARM_STORAGE_LOCKED` after `busyTimeout` ms, `ALARM_STORAGE_FAILED`
 * for what else goes wrong. A file that is refused is left as it was.
 */
export function openDatabase(file: string, schema: Schema, busyTimeout: number): DatabaseSync {
  if (typeof file !== 'string' || file === '' || file.includes('\0')) {
    throw new AlarmConfigError('file', 'the path of a file', file)
  }
  const db = connect(file)
  try {
    db.exec(`PRAGMA busy_timeout = ${busyTimeout}`)
    checkIdentity(db, file, schema)
    // FULL: every commit is on disk when it returns. macOS needs to be told that "on disk" means it.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON')
    inTransaction(db, file, () => {
      const from = checkIdentity(db, file, schema)
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

function connect(file: string): DatabaseSync {
  // Not imported: where it is missing, an import would fail before anything could be said about it.
  const sqlite = globalThis.process?.getBuiltinModule?.('node:sqlite')
  if (sqlite === undefined) {
    throw new AlarmError(
      'ALARM_STORAGE_MISSING',
      `This needs node:sqlite, which comes with Node 22.13 and later; this is ${globalThis.process?.version ?? 'no Node'}.`,
      { counted: false },
    )
  }
  try {
    return new sqlite.DatabaseSync(file)
  } catch (error) {
    throw storageError(error, file)
  }
}

/** The version of the schema that a file holds, 0 for none; refuses other people's. */
function checkIdentity(db: DatabaseSync, file: string, { name, applicationId, version }: Schema): number {
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
