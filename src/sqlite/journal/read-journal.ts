import type { DatabaseSync } from 'node:sqlite'
import { openToRead } from '../open-to-read.ts'
import { storageError } from '../storage-error.ts'
import type { JournalEvent } from './journal-event.ts'
import { journalSchema } from './journal-schema.ts'

/** What a journal has of one actor. */
export interface KeptEvents {
  /** in order, and where events were lost or another recording began, what says so */
  readonly events: readonly JournalEvent[]
  /** how many there were before, which are not kept any more */
  readonly before: number
}

interface Row {
  readonly key: Uint8Array | null
  readonly recording: number
  readonly last: number
  readonly events: string
}

/**
 * Reads what the file of a journal has of one actor, also while it is written; the file is not changed.
 *
 * Throws `ALARM_STORAGE_GONE` where there is none, and what else a file can throw.
 */
export function readJournal({ file, key }: { readonly file: string; readonly key: string }): KeptEvents {
  const db = openToRead(file, journalSchema, 'recordJournal')
  try {
    return keptEvents(rowsOf(db, key), key)
  } catch (error) {
    throw storageError(error, file)
  } finally {
    db.close()
  }
}

/** The turns of the actor, and the gaps since the first of them. */
function rowsOf(db: DatabaseSync, key: string): readonly Row[] {
  return db
    .prepare(`
      SELECT key, recording, last, events FROM turn
      WHERE key = ?1 OR (key IS NULL AND id > (SELECT min(id) FROM turn WHERE key = ?1)) ORDER BY id`)
    .all(new TextEncoder().encode(key)) as unknown as Row[]
}

function keptEvents(rows: readonly Row[], key: string): KeptEvents {
  const events: JournalEvent[] = []
  let before: number | null = null
  let recording: number | null = null
  for (const row of rows) {
    const read = JSON.parse(row.events)
    if (row.key === null) {
      events.push({ ...read, key })
      continue
    }
    before ??= row.last - read.length
    if (recording !== null && recording !== row.recording) {
      events.push({ at: read[0].at, key, kind: 'recording-began' })
    }
    recording = row.recording
    for (const { at, ...event } of read) events.push({ at, key, ...event })
  }
  return { events, before: before ?? 0 }
}
