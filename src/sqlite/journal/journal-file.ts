import type { DatabaseSync } from 'node:sqlite'
import type { AlarmError } from '../../vocabulary/errors.ts'
import { fileTransaction } from '../file-transaction.ts'
import { openDatabase } from '../open-database.ts'
import { orClose } from '../or-close.ts'
import { watchFile } from '../watch-file.ts'
import { journalSchema } from './journal-schema.ts'
import type { PendingEvents } from './pending-events.ts'

/** How much a journal keeps. */
export interface Bounds {
  /** events of each actor */
  readonly keep: number
  /** of the file */
  readonly maxBytes: number
}

/** The file of a journal, opened by one recording. */
export interface JournalFile {
  /** Writes all that is pending, or nothing of it. Where another connection has the file, `locked` says what comes of it. */
  write(pending: PendingEvents, locked?: (error: AlarmError) => void): void
  close(): void
}

/** Opens the file of a journal. The thread waits `busyTimeout` ms for another process at most. */
export function openJournalFile(
  file: string,
  bounds: Bounds,
  recording: number,
  busyTimeout: number,
): JournalFile {
  return orClose(openDatabase(file, journalSchema, busyTimeout), file, (db) => {
    // Committed without waiting for the disk: a journal may lose its end where the machine fails.
    db.exec('PRAGMA synchronous = NORMAL')
    const transaction = fileTransaction(db, file, busyTimeout, watchFile(db, file))
    const write = writeTurns(db, bounds, recording)
    return {
      write: (pending, locked) => transaction(() => write(pending), locked),
      close: () => db.close(),
    }
  })
}

function writeTurns(
  db: DatabaseSync,
  { keep, maxBytes }: Bounds,
  recording: number,
): (pending: PendingEvents) => void {
  // By itself: as a part of the next statement, and returned by it, it costs a third more.
  const lastOf = db.prepare('SELECT max(last) AS last FROM turn WHERE key = ?')
  const add = db.prepare('INSERT INTO turn (key, recording, last, events) VALUES (?, ?, ?, ?)')
  const cut = db.prepare('DELETE FROM turn WHERE key = ? AND last <= ?')
  const dropOldest = db.prepare('DELETE FROM turn WHERE id IN (SELECT id FROM turn ORDER BY id LIMIT ?)')
  const used = db.prepare(`
    SELECT (page_count - freelist_count) * page_size AS bytes
    FROM pragma_page_count, pragma_freelist_count, pragma_page_size`)
  const encoder = new TextEncoder()

  return ({ of, gap }) => {
    for (const [key, texts] of of) {
      const utf8 = encoder.encode(key) // Node 22 cuts a TEXT off at its first NUL
      const before = lastOf.get(utf8) as { last: number | null }
      const last = (before.last ?? 0) + texts.length
      add.run(utf8, recording, last, `[${texts.join()}]`)
      if (last > keep) cut.run(utf8, last - keep)
    }
    if (gap !== null) add.run(null, recording, 0, JSON.stringify({ kind: 'gap', ...gap }))
    // Twice as many as there are new ones, so that it comes to an end, and no turn takes long.
    if ((used.get() as { bytes: number }).bytes > maxBytes) dropOldest.run(2 * of.size + 100)
  }
}
