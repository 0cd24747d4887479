import { AlarmError, type AlarmErrorCode, given } from '../errors.ts'

const codes: Record<number, readonly [AlarmErrorCode, string]> = {
  5: [
    'ALARM_STORAGE_LOCKED',
    'is locked by another connection, longer than the busy timeout. Try again, or find who holds it.',
  ],
  6: ['ALARM_STORAGE_LOCKED', 'is locked by this connection. Finish the statement that runs.'],
  8: ['ALARM_STORAGE_READONLY', 'cannot be written. Make the file and its directory writable.'],
  11: ['ALARM_STORAGE_INVALID', 'is damaged. Restore it from a backup.'],
  14: [
    'ALARM_STORAGE_FAILED',
    'cannot be opened. Create its directory, and see that it is a file that can be read and written.',
  ],
  26: ['ALARM_STORAGE_INVALID', 'is not an SQLite database. Give another file.'],
}

/** What SQLite has thrown, as an error with a stable code. Not the handler's fault, so it never counts. */
export function storageError(error: unknown, file: string): AlarmError {
  if (error instanceof AlarmError) return error
  const { errcode } = error as { errcode?: unknown }
  // The low byte is the kind, the others say more of it.
  const [code, message] = codes[Number(errcode) & 0xff] ?? ['ALARM_STORAGE_FAILED', 'did not work.']
  const said = error instanceof Error ? ` SQLite says: ${error.message}.` : ''
  return new AlarmError(code, `The database ${given(file)} ${message}${said}`, {
    cause: error,
    counted: false,
  })
}
