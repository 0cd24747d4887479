import { AlarmError } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'
import { canBeRead } from './can-be-read.ts'
import { rulingOf } from './result-codes.ts'

const IOERR = 10
const CORRUPT = 11

/** What SQLite has thrown, as an error with a stable code. Not the handler's fault, so it never counts. */
export function storageError(error: unknown, file: string): AlarmError {
  if (error instanceof AlarmError) return error
  const { errcode } = (error ?? {}) as { errcode?: unknown }
  // SQLite says CORRUPT also where a read of the device fails.
  const isUnread = errcode === CORRUPT && !canBeRead(file)
  const { code, message, passes } = rulingOf(isUnread ? IOERR : Number(errcode))
  const said = error instanceof Error ? ` SQLite says: ${error.message}.` : ''
  return new AlarmError(code, `The database ${given(file)} ${message}${said}`, {
    cause: error,
    counted: false,
    passes,
  })
}
