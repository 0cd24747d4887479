import { passes, type Ruling, stays } from '../vocabulary/ruling.ts'

const LOCKED =
  'is locked by another connection, longer than the busy timeout. Try again, or find what holds it.'
const DEVICE = 'cannot be read or written: its device fails. Look at the disk and at the system log.'
const OURS = 'was used in a way that it refuses. Report this, with the statement.'

/**
 * Every primary result code, and each extended one (its low byte is the primary one) whose ruling differs.
 *
 * What passes is waited for by deliveries. What stays ends them with an error.
 */
export const resultCodes: Readonly<Record<number, Ruling>> = {
  1: stays('ALARM_STORAGE_FAILED', 'refused a statement. Correct it.'), // ERROR
  2: stays('ALARM_STORAGE_FAILED', 'met a fault inside of SQLite. Check it with PRAGMA integrity_check.'), // INTERNAL
  3: stays('ALARM_STORAGE_READONLY', 'may not be opened as asked. Grant the rights to the file.'), // PERM
  4: passes('ALARM_STORAGE_FAILED', 'had its statement aborted. Try again.'), // ABORT
  5: passes('ALARM_STORAGE_LOCKED', LOCKED), // BUSY
  6: passes('ALARM_STORAGE_LOCKED', 'is locked by this connection. Finish the statement that runs.'), // LOCKED
  7: passes('ALARM_STORAGE_FAILED', 'needs memory that is not there. Free some.'), // NOMEM
  8: stays('ALARM_STORAGE_READONLY', 'cannot be written. Make the file and its directory writable.'), // READONLY
  9: passes('ALARM_STORAGE_FAILED', 'had its statement interrupted. Try again.'), // INTERRUPT
  10: passes('ALARM_STORAGE_FAILED', DEVICE), // IOERR
  11: stays('ALARM_STORAGE_INVALID', 'is damaged. Restore it from a backup.'), // CORRUPT
  12: stays('ALARM_STORAGE_FAILED', OURS), // NOTFOUND
  13: passes(
    'ALARM_STORAGE_FAILED',
    'has no room: the disk is full, or a limit of pages is reached. Make room.',
  ), // FULL
  14: passes(
    'ALARM_STORAGE_FAILED',
    'cannot be opened. Create its directory, and see that it is a file that can be read and written.',
  ), // CANTOPEN
  15: passes('ALARM_STORAGE_LOCKED', 'was locked by others too often while it was opened. Try again.'), // PROTOCOL
  16: stays('ALARM_STORAGE_FAILED', OURS), // EMPTY
  17: passes('ALARM_STORAGE_FAILED', 'had its tables changed under a statement. Try again.'), // SCHEMA
  18: stays('ALARM_STORAGE_FAILED', 'cannot hold a value or a row of that size. Store less in one.'), // TOOBIG
  19: stays(
    'ALARM_STORAGE_FAILED',
    'refused a row that breaks a constraint. Correct the row or the constraint.',
  ), // CONSTRAINT
  20: stays('ALARM_STORAGE_FAILED', 'refused a value of another type. Correct the value.'), // MISMATCH
  21: stays('ALARM_STORAGE_FAILED', OURS), // MISUSE
  22: stays('ALARM_STORAGE_UNSUPPORTED', 'is larger than this system can have files. Move it.'), // NOLFS
  23: stays('ALARM_SQL_REFUSED', 'refused a statement that reaches what is not yours. Leave it out.'), // AUTH
  24: stays('ALARM_STORAGE_INVALID', 'is no database of SQLite. Give another file.'), // FORMAT
  25: stays(
    'ALARM_STORAGE_FAILED',
    'was given a parameter that its statement lacks. Correct the parameters.',
  ), // RANGE
  26: stays('ALARM_STORAGE_INVALID', 'is not an SQLite database. Give another file.'), // NOTADB
  27: stays('ALARM_STORAGE_FAILED', OURS), // NOTICE
  28: stays('ALARM_STORAGE_FAILED', OURS), // WARNING

  526: stays('ALARM_STORAGE_FAILED', 'is a directory. Give a file.'), // CANTOPEN_ISDIR
  1550: stays('ALARM_STORAGE_FAILED', 'is a symbolic link where none may be. Give the file itself.'), // CANTOPEN_SYMLINK
  1032: stays(
    'ALARM_STORAGE_GONE',
    'was moved or removed while it was open. Put it back, and open it again.',
  ), // READONLY_DBMOVED
  6922: stays(
    'ALARM_STORAGE_GONE',
    'was moved or removed while it was open. Put it back, and open it again.',
  ), // IOERR_VNODE
  8202: stays('ALARM_STORAGE_INVALID', 'holds a page with a wrong checksum. Restore it from a backup.'), // IOERR_DATA
}

/** The ruling of an extended result code: its own, or that of its low byte. */
export function rulingOf(errcode: number): Ruling {
  return resultCodes[errcode] ?? resultCodes[errcode & 0xff] ?? stays('ALARM_STORAGE_FAILED', 'did not work.')
}
