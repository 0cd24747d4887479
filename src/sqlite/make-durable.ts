import type { DatabaseSync } from 'node:sqlite'
import { AlarmError } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'
import { BUSY_TIMEOUT } from './connect.ts'

const STEP = 10 // ms

/**
 * Every commit is on disk when it returns (FULL); macOS needs fullfsync for that. What SQLite then says of itself is checked.
 *
 * Throws `ALARM_STORAGE_UNSUPPORTED` where it does not come to that.
 */
export function makeDurable(db: DatabaseSync, file: string, busyTimeout = BUSY_TIMEOUT): void {
  switchToWal(db, busyTimeout)
  db.exec('PRAGMA synchronous = FULL; PRAGMA fullfsync = ON')
  expect(db, file, 'journal_mode', file === ':memory:' ? 'memory' : 'wal')
  expect(db, file, 'synchronous', 2)
  expect(db, file, 'fullfsync', 1)
}

/** The switch needs the file for itself, and SQLite does not always wait for that: another opening of a new file may be in its way. */
function switchToWal(db: DatabaseSync, busyTimeout: number): void {
  db.exec('PRAGMA busy_timeout = 0') // or each try would wait as long by itself
  for (let waited = 0; ; waited += STEP) {
    try {
      db.exec('PRAGMA journal_mode = WAL')
      break
    } catch (error) {
      if (!isBusy(error) || waited >= busyTimeout) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STEP) // as SQLite itself waits for a lock
    }
  }
  db.exec(`PRAGMA busy_timeout = ${busyTimeout}`)
}

function isBusy(error: unknown): boolean {
  return (Number((error as { errcode?: unknown }).errcode) & 0xff) === 5
}

function expect(db: DatabaseSync, file: string, name: string, wanted: string | number): void {
  const is = Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]
  if (is === wanted) return
  throw new AlarmError(
    'ALARM_STORAGE_UNSUPPORTED',
    `The database ${given(file)} cannot be made durable: ${name} is ${given(is)}, and must be ${given(wanted)}. Put it on a local file system.`,
    { counted: false },
  )
}
