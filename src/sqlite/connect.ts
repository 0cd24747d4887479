import type { DatabaseSync } from 'node:sqlite'
import { configError } from '../vocabulary/error-of.ts'
import { AlarmError } from '../vocabulary/errors.ts'
import { timerMilliseconds } from '../vocabulary/milliseconds.ts'
import { storageError } from './storage-error.ts'

export const BUSY_TIMEOUT = 5_000 // ms

/** Opens a file, and changes nothing in it. `busyTimeout` ms is how long it waits for the lock of another connection. */
export function connect(file: string, busyTimeout = BUSY_TIMEOUT): DatabaseSync {
  const patience = timerMilliseconds('busyTimeout', busyTimeout)
  if (typeof file !== 'string' || file === '' || file.includes('\0')) {
    throw configError('file', 'the path of a file', file)
  }
  if (file.startsWith('file:')) checkUri(file)
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

const uriParameters: Readonly<Record<string, readonly string[]>> = {
  mode: ['rw', 'rwc', 'ro'],
  cache: ['private'],
}

/** The other parameters (nolock, vfs, immutable, mode=memory) take the locks, the WAL or the file itself away, without an error. */
function checkUri(uri: string): void {
  const [path = '', query = ''] = uri.slice('file:'.length).split('#')[0]!.split('?')
  const isFile = path !== '' && path !== ':memory:'
  const isPlain = [...new URLSearchParams(query)].every(([name, value]) =>
    uriParameters[name]?.includes(value),
  )
  if (isFile && isPlain) return
  throw configError(
    'file',
    'the path of a file, or a file: URI of one with no parameters but mode=rw, mode=rwc and cache=private, because others lose durability in silence',
    uri,
  )
}

function missing(): AlarmError {
  return new AlarmError(
    'ALARM_STORAGE_MISSING',
    `This needs node:sqlite as it is in Node 22.16 and later; this is ${globalThis.process?.version ?? 'no Node'}.`,
    { counted: false },
  )
}
