import type { DatabaseSync } from 'node:sqlite'
import type { AlarmError } from '../vocabulary/errors.ts'
import { BUSY_TIMEOUT } from './connect.ts'
import { storageError } from './storage-error.ts'

/** For a transaction that waits for no lock: what to do where another connection has it. */
export interface AtOnce<T> {
  /** ms that other statements wait */
  readonly busyTimeout?: number | undefined
  /** Nothing was done. */
  locked(error: AlarmError): T
}

/**
 * Does all of `work` durably, or none of it. Takes the write lock at once: a transaction that asks for it later can only fail.
 *
 * The thread waits for that lock, unless `atOnce`.
 */
export function inTransaction<T>(db: DatabaseSync, file: string, work: () => T, atOnce?: AtOnce<T>): T {
  const refusal = begin(db, file, atOnce)
  if (refusal !== null) return (atOnce as AtOnce<T>).locked(refusal)
  try {
    try {
      const result = work()
      db.exec('COMMIT')
      return result
    } catch (error) {
      rollBack(db)
      throw error
    }
  } catch (error) {
    throw storageError(error, file)
  }
}

/** Takes the write lock. Where it must be had at once and is not, returns what refused it. */
export function begin(
  db: DatabaseSync,
  file: string,
  atOnce?: { readonly busyTimeout?: number | undefined },
): AlarmError | null {
  try {
    if (atOnce === undefined) db.exec('BEGIN IMMEDIATE')
    else withoutWaiting(db, atOnce.busyTimeout)
    return null
  } catch (error) {
    const refusal = storageError(error, file)
    if (atOnce !== undefined && refusal.code === 'ALARM_STORAGE_LOCKED') return refusal
    throw refusal
  }
}

function withoutWaiting(db: DatabaseSync, busyTimeout = BUSY_TIMEOUT): void {
  db.exec('PRAGMA busy_timeout = 0')
  try {
    db.exec('BEGIN IMMEDIATE')
  } finally {
    db.exec(`PRAGMA busy_timeout = ${busyTimeout}`)
  }
}

/** SQLite has rolled back by itself after some errors, and says so with another one. */
export function rollBack(db: DatabaseSync): void {
  try {
    db.exec('ROLLBACK')
  } catch {}
}
