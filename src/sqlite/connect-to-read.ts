import type { DatabaseSync } from 'node:sqlite'
import { AlarmError, type AlarmErrorCode } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'
import { connect } from './connect.ts'

const READONLY = 8 // SQLITE_READONLY; an extended code is above its byte

/**
 * Opens a file that is there for reading alone. `opener` is what makes one.
 *
 * Throws `ALARM_STORAGE_GONE` where there is none, `ALARM_STORAGE_INVALID` for what is no file: a pipe would be waited for without an end;
 * `ALARM_STORAGE_READONLY` where it may not be read, or nothing has it open and its directory cannot be written. What else is wrong comes up as
 * it is read.
 */
export function connectToRead(file: string, opener: string): DatabaseSync {
  const { existsSync, statSync } = process.getBuiltinModule('node:fs')
  if (!existsSync(file)) {
    throw refused('ALARM_STORAGE_GONE', `There is no file ${given(file)}. Give that of ${opener}.`)
  }
  if (!statSync(file).isFile()) {
    throw refused(
      'ALARM_STORAGE_INVALID',
      `${given(file)} is no file, but a directory or a device. Give the file of ${opener}.`,
    )
  }
  if (!isReadable(file)) {
    throw refused(
      'ALARM_STORAGE_READONLY',
      `This user may not read the file ${given(file)}. Grant the right, or read it as its owner.`,
    )
  }
  const { href } = process.getBuiltinModule('node:url').pathToFileURL(file)
  const db = connect(`${href}?mode=ro`)
  try {
    db.exec('PRAGMA schema_version')
  } catch (error) {
    if ((Number((error as { errcode?: unknown }).errcode) & 0xff) !== READONLY) return db
    db.close()
    throw refused('ALARM_STORAGE_READONLY', needsItsDirectory(file))
  }
  return db
}

function isReadable(file: string): boolean {
  const { closeSync, openSync } = process.getBuiltinModule('node:fs')
  try {
    closeSync(openSync(file, 'r'))
    return true
  } catch {
    return false
  }
}

/** The index of a WAL is a file beside it, for those that read, too (https://sqlite.org/wal.html#readonly). */
function needsItsDirectory(file: string): string {
  return (
    `The database ${given(file)} cannot be read, as its directory cannot be written: SQLite keeps two files beside one that is open, ` +
    'and nothing has this one open. Read it as its owner, or copy it to where you may write.'
  )
}

function refused(code: AlarmErrorCode, message: string): AlarmError {
  return new AlarmError(code, message, { counted: false })
}
