import type { DatabaseSync } from 'node:sqlite'
import { AlarmError } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'
import { connect } from './connect.ts'

/**
 * Opens a file that is there for reading alone. `opener` is what makes one.
 *
 * Throws `ALARM_STORAGE_GONE` where there is none, `ALARM_STORAGE_INVALID` for what is no file: a pipe would be waited for without an end.
 */
export function connectToRead(file: string, opener: string): DatabaseSync {
  const { existsSync, statSync } = process.getBuiltinModule('node:fs')
  if (!existsSync(file)) {
    throw refused('ALARM_STORAGE_GONE', `There is no file ${given(file)}. Give that of ${opener}.`)
  }
  if (!statSync(file).isFile()) {
    throw refused(
      'ALARM_STORAGE_INVALID',
      `${given(file)} is no file, but a directory or a device. Give the file of ${opener}.`,
    )
  }
  const { href } = process.getBuiltinModule('node:url').pathToFileURL(file)
  return connect(`${href}?mode=ro`)
}

function refused(code: 'ALARM_STORAGE_GONE' | 'ALARM_STORAGE_INVALID', message: string): AlarmError {
  return new AlarmError(code, message, { counted: false })
}
