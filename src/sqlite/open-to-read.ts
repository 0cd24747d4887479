import type { DatabaseSync } from 'node:sqlite'
import { AlarmError } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'
import { connect } from './connect.ts'
import { type Schema, versionIn } from './open-database.ts'
import { orClose } from './or-close.ts'

/**
 * Opens a file of ours for reading alone: it is neither made nor brought up to date. `opener` is the function that does both.
 *
 * Throws `ALARM_STORAGE_GONE` where there is none, `ALARM_STORAGE_OLDER` for one that an older version wrote last, and what else a file can
 * throw.
 */
export function openToRead(file: string, schema: Schema, opener: string): DatabaseSync {
  const { name, version } = schema
  const url = process.getBuiltinModule('node:url').pathToFileURL(file)
  if (!process.getBuiltinModule('node:fs').existsSync(file)) {
    throw refused('ALARM_STORAGE_GONE', `There is no file ${given(file)}. Give that of ${opener}.`)
  }
  return orClose(connect(`${url.href}?mode=ro`), file, (db) => {
    const held = versionIn(db, file, schema)
    if (held >= version) return db
    throw refused(
      'ALARM_STORAGE_OLDER',
      `The database ${given(file)} has version ${held} of the schema of ${name}, this library reads ${version}. ` +
        `Open it once with ${opener}, which brings it up to date.`,
    )
  })
}

function refused(code: 'ALARM_STORAGE_GONE' | 'ALARM_STORAGE_OLDER', message: string): AlarmError {
  return new AlarmError(code, message, { counted: false })
}
