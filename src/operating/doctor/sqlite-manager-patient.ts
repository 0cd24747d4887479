import type { DatabaseSync } from 'node:sqlite'
import { asyncScheduler } from 'rxjs'
import { aheadOf, isStep } from '../../ledger/clock-steps.ts'
import { written } from '../../ledger/held-alarm.ts'
import { ledgerReader } from '../../ledger/ledger-reader.ts'
import { alarmSchema } from '../../sqlite/alarm-schema.ts'
import { connectToRead } from '../../sqlite/connect-to-read.ts'
import { type SqliteManager, sqliteManager } from '../../sqlite/index.ts'
import { machineElapsed } from '../../sqlite/machine-elapsed.ts'
import { openDatabase, versionIn } from '../../sqlite/open-database.ts'
import { emptyFile } from '../../sqlite/open-to-read.ts'
import { pageByPage } from '../../sqlite/page-by-page.ts'
import { type SqliteLedger, sqliteLedger } from '../../sqlite/sqlite-ledger.ts'
import { storageError } from '../../sqlite/storage-error.ts'
import { inTransaction } from '../../sqlite/transaction.ts'
import type { AlarmError } from '../../vocabulary/errors.ts'
import type { CopiesOf, HeldCopy } from './examine-store.ts'
import type { Finding } from './finding.ts'
import type { ManagerPatient } from './patient.ts'
import { rescheduled as putOff } from './rescheduled.ts'
import { keyOf, rowsOf } from './rows-of.ts'
import { scanAlarms, UNREADABLE } from './scan-alarms.ts'
import { unreadable as ofRow } from './unreadable-row.ts'

const CORRUPT = 11 // SQLITE_CORRUPT
const FROM_BACKUP = 'restore it from a backup: stores write their alarms again as they are opened'
const FROM_STORE = 'examine it with its store, which knows its alarm: nolater doctor FILE STORE'

/** The file of an sqliteManager. Throws where there is none, or where it is that of something else. */
export function sqliteManagerPatient(file: string): ManagerPatient & { manager(): SqliteManager } {
  const db = connectToRead(file, 'sqliteManager')
  let ledger: SqliteLedger | null = null
  let refusal: AlarmError | null = null
  let isDamaged = false
  let manager: SqliteManager | null = null
  try {
    const version = versionIn(db, file, alarmSchema)
    if (version === 0) throw emptyFile(file, 'sqliteManager')
    if (version === alarmSchema.version) ledger = sqliteLedger(db)
  } catch (error) {
    refusal = storageError(error, file)
    isDamaged = (error as { errcode?: unknown }).errcode === CORRUPT
    if (refusal.code !== 'ALARM_STORAGE_NEWER' && !isDamaged) {
      db.close()
      throw refusal
    }
  }
  const opened = (): SqliteManager => {
    manager ??= sqliteManager({ file })
    return manager
  }
  const bringUp = async (): Promise<boolean> => {
    opened()
    return true
  }

  return {
    reader:
      ledger &&
      ledgerReader({ ...ledger, openRead: () => pageByPage((ledger as SqliteLedger).page) }, Date.now),
    async *damage(pace) {
      const broken = isDamaged ? (refusal as AlarmError).message : refusal === null ? brokenPages(db) : null
      if (broken !== null) yield ofWhole('FILE_DAMAGED', broken, FROM_BACKUP)
      else if (refusal !== null) yield ofWhole('SCHEMA_NEWER', refusal.message, 'install a newer nolater')
      else if (ledger === null)
        yield ofWhole(
          'SCHEMA_OLDER',
          'it was written by an older version last',
          'open it with this one',
          bringUp,
        )
      else {
        await pace(0)
        const { late, unreadable, rescheduled } = await scanAlarms(db, pace)
        yield* clockOf(ledger, late, bringUp)
        for (const key of unreadable) yield ofRow(key, FROM_STORE)
        yield* rescheduled.map(putOff)
      }
    },
    manager: opened,
    copiesOf: copiesIn(db),
    surgery: async () => opened(),
    async replace(key, alarm) {
      const own = openDatabase(file, alarmSchema)
      try {
        const ledger = sqliteLedger(own)
        return inTransaction(own, file, () => {
          const { changes } = own.prepare(`DELETE FROM alarm WHERE key = ? AND (${UNREADABLE})`).run(key)
          if (changes === 0) return false
          ledger.save(
            written(undefined, key, alarm, { key, move: 'later', fence: 0, attempt: 1 }, Date.now()),
          )
          return true
        })
      } finally {
        own.close()
      }
    },
    async close() {
      db.close()
      await manager?.close()
    },
  }
}

/** Prepared when it is asked: a file that is refused has no such table. */
function copiesIn(db: DatabaseSync): CopiesOf {
  let rows: ReturnType<typeof rowsOf<HeldCopy>> | null = null
  return async (keys) => {
    rows ??= rowsOf<HeldCopy>(db, 'SELECT CAST(key AS BLOB) AS utf8, time, fence FROM alarm')
    return new Map(rows(keys).map((row) => [keyOf(row), row]))
  }
}

function ofWhole(
  code: Finding['code'],
  text: string,
  advice: string,
  repair: Finding['repair'] = null,
): Finding {
  return { code, severity: 'fault', key: null, text, advice, repair }
}

function brokenPages(db: DatabaseSync): string | null {
  try {
    const found = db
      .prepare('PRAGMA quick_check(3)')
      .all()
      .map((row) => Object.values(row)[0])
    return found.join() === 'ok' ? null : `SQLite finds it damaged: ${found.join('; ')}`
  } catch (error) {
    return `SQLite cannot read it: ${(error as Error).message}`
  }
}

function* clockOf(
  ledger: SqliteLedger,
  late: number,
  repair: NonNullable<Finding['repair']>,
): Generator<Finding> {
  const disagrees = (text: string): Finding => ({
    ...ofWhole(
      'CLOCK_DISAGREES',
      text,
      'open it: leases and back-offs are put right by the clock as it is',
      repair,
    ),
    severity: 'notice',
  })
  const elapsed = machineElapsed(asyncScheduler)
  const known = ledger.clock()
  if (elapsed !== null && known !== null && elapsed() >= known.elapsed) {
    const by = Math.round(aheadOf(asyncScheduler, elapsed)) - known.ahead
    if (isStep(by)) {
      const text = `the clock was set ${by > 0 ? 'forward' : 'back'} by ${Math.abs(by)} ms since the file was used last`
      yield disagrees(text)
      return
    }
  }
  if (late === 0) return
  const text = `${late} rows say that they were written later than it is now: the clock was set back, or is another machine's`
  yield disagrees(text)
}
