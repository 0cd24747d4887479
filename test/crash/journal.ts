import type { AlarmTime } from 'nolater'
import type { ActorStore } from 'nolater/sqlite'

/**
 * A line of the journal that an actor keeps in its own database, in the same transaction as what the line tells of: what is in it was
 * committed, and what was committed is in it.
 */
export interface JournalLine {
  readonly seq: number
  /** real ms since the epoch, which nobody steps */
  readonly real: number
  /** what the machine's clock showed */
  readonly shown: number
  /** an intent; or a handler that began, ended, failed */
  readonly kind: 'set' | 'delete' | 'began' | 'done' | 'failed'
  /** of a set its time; of a handler the alarm that it handles */
  readonly time: AlarmTime
  /** the alarm that the actor has from now on */
  readonly stands: AlarmTime
  /** the intent's name, by which whoever asked was told that it is durable */
  readonly op: string | null
  /** of the store that wrote it */
  readonly epoch: number
}

const TABLE = `CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY, real INTEGER NOT NULL, shown INTEGER NOT NULL,
  kind TEXT NOT NULL, time INTEGER, stands INTEGER, op TEXT, epoch INTEGER NOT NULL) STRICT`

/** Makes the table, unless it is there: an actor that is merely opened has nothing to write. */
export function prepareJournal({ sql, transaction }: ActorStore): void {
  if (sql.get("SELECT 1 FROM sqlite_schema WHERE name = 'journal'") !== undefined) return
  transaction(() => sql.exec(TABLE))
}

/** Adds a line to the open turn. */
export function note({ sql, epoch }: ActorStore, line: Omit<JournalLine, 'seq' | 'real' | 'epoch'>): void {
  const { shown, kind, time, stands, op } = line
  sql.run(
    'INSERT INTO journal (real, shown, kind, time, stands, op, epoch) VALUES (?, ?, ?, ?, ?, ?, ?)',
    Date.now(),
    shown,
    kind,
    time,
    stands,
    op,
    epoch,
  )
}

/** The alarm of the last intent, and whether a handler has begun for it. */
export function standing({ sql }: ActorStore): { time: AlarmTime; hasBegun: boolean } {
  const last = sql.get<{ seq: number; time: AlarmTime }>(
    "SELECT seq, time FROM journal WHERE kind IN ('set', 'delete') ORDER BY seq DESC LIMIT 1",
  )
  if (last === undefined) return { time: null, hasBegun: false }
  const began = sql.get(
    "SELECT 1 FROM journal WHERE seq > ? AND kind = 'began' AND time = ?",
    last.seq,
    last.time,
  )
  return { time: last.time, hasBegun: began !== undefined }
}
