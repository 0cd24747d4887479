import type { AlarmTime } from 'nolater'
import type { ActorStore } from 'nolater/sqlite'

/**
 * A line of the journal that each actor keeps in its own database, written in the SAME transaction as what it tells of.
 *
 * So what is in the journal was committed, what was committed is in the journal, and somebody who reads nothing but the files can tell
 * which alarms were owed.
 */
export interface JournalLine {
  readonly seq: number
  /** the wall clock when it was asked, or when it happened */
  readonly at: number
  /** an intent; or a handler that began, ended, failed */
  readonly kind: 'set' | 'delete' | 'began' | 'done' | 'failed'
  /** of a set its time; of a handler the alarm that it handles */
  readonly time: AlarmTime
  /** the alarm that the actor has from now on */
  readonly stands: AlarmTime
  /** of an intent from the script its number there */
  readonly line: number | null
}

const TABLE = `CREATE TABLE IF NOT EXISTS journal
  (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, time INTEGER, stands INTEGER, line INTEGER) STRICT`

/** Makes the table, unless it is there: an actor that is merely opened has nothing to write. */
export function prepareJournal({ sql, transaction }: ActorStore): void {
  if (sql.get("SELECT 1 FROM sqlite_schema WHERE name = 'journal'") !== undefined) return
  transaction(() => sql.exec(TABLE))
}

/** Adds a line to the open transaction; call it in the turn of what it tells of. */
export function note({ sql }: ActorStore, line: Omit<JournalLine, 'seq'>): void {
  const { at, kind, time, stands } = line
  sql.run(
    'INSERT INTO journal (at, kind, time, stands, line) VALUES (?, ?, ?, ?, ?)',
    at,
    kind,
    time,
    stands,
    line.line,
  )
}

/** Whether a handler has begun for the alarm since it was set. */
export function hasBegun({ sql }: ActorStore, alarm: number): boolean {
  const began = sql.get(
    `SELECT 1 FROM journal WHERE kind = 'began' AND time = ?
       AND seq > (SELECT max(seq) FROM journal WHERE kind IN ('set', 'delete'))`,
    alarm,
  )
  return began !== undefined
}
