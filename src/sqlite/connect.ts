import type { DatabaseSync } from 'node:sqlite'
import { AlarmConfigError, AlarmError } from '../errors.ts'
import { timerMilliseconds } from '../milliseconds.ts'
import { storageError } from './storage-error.ts'

/** FULL: every commit is on disk when it returns. macOS needs to be told that "on disk" means it. */
export const DURABLE = 'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON'

/** Opens a file, and changes nothing in it. `busyTimeout` ms is how long it waits for the lock of another connection. */
export function connect(file: string, busyTimeout = 5_000): DatabaseSync {
  const patience = timerMilliseconds('busyTimeout', busyTimeout)
  if (typeof file !== 'string' || file === '' || file.includes('\0')) {
    throw new AlarmConfigError('file', 'the path of a file', file)
  }
  // Not imported: where it is missing, an import would fail before anything could be said about it.
  const sqlite = globalThis.process?.getBuiltinModule?.('node:sqlite')
  if (sqlite === undefined) throw missing()
  let db: DatabaseSync
  try {
    db = new sqlite.DatabaseSync(file)
  } catch (error) {
    throw storageError(error, file)
  }
  // Whether a failed statement has ended the transaction must not be guessed.
  if (typeof db.isTransaction !== 'boolean') {
    db.close()
    throw missing()
  }
  db.exec(`PRAGMA busy_timeout = ${patience}`)
  return db
}

function missing(): AlarmError {
  return new AlarmError(
    'ALARM_STORAGE_MISSING',
    `This needs node:sqlite as it is in Node 22.16 and later; this is ${globalThis.process?.version ?? 'no Node'}.`,
    { counted: false },
  )
}
