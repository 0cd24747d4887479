import type { DatabaseSync } from 'node:sqlite'
import { AlarmError } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'
import { connectToRead } from './connect-to-read.ts'
import { type Schema, versionIn } from './open-database.ts'
import { orClose } from './or-close.ts'

/**
 * Opens a file of ours for reading alone: it is neither made nor brought up to date. `opener` is the function that does both.
 *
 * Throws what `connectToRead` throws, `ALARM_STORAGE_INVALID` for an empty one, `ALARM_STORAGE_OLDER` for one that an older version wrote last, and what else a file can throw.
 */
export function openToRead(file: string, schema: Schema, opener: string): DatabaseSync {
  const { name, version } = schema
  return orClose(connectToRead(file, opener), file, (db) => {
    const held = versionIn(db, file, schema)
    if (held >= version) return db
    if (held === 0) throw emptyFile(file, opener)
    throw new AlarmError(
      'ALARM_STORAGE_OLDER',
      `The database ${given(file)} has version ${held} of the schema of ${name}, this library reads ${version}. ` +
        `Open it once with ${opener}, which brings it up to date.`,
      { counted: false },
    )
  })
}

/** What may be a slip is not made into one of ours. */
export function emptyFile(file: string, opener: string): AlarmError {
  return new AlarmError(
    'ALARM_STORAGE_INVALID',
    `The database ${given(file)} is empty: nothing was written to it yet. Give that of ${opener}.`,
    { counted: false },
  )
}
