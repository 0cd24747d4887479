import { type LedgerReader, ledgerReader } from '../ledger/ledger-reader.ts'
import { alarmSchema } from './alarm-schema.ts'
import { openToRead } from './open-to-read.ts'
import { orClose } from './or-close.ts'
import { pageByPage } from './page-by-page.ts'
import { sqliteLedger } from './sqlite-ledger.ts'
import { type SqliteOverview, sqliteOverview } from './sqlite-overview.ts'

/** The file of a manager, opened for reading alone: it is neither made nor brought up to date. */
export interface SqliteReader extends LedgerReader, SqliteOverview {
  close(): Promise<void>
}

/**
 * Opens the file of a manager, and changes nothing.
 *
 * Throws `ALARM_STORAGE_GONE` where there is none, `ALARM_STORAGE_OLDER` for one that an older version wrote last, and what else a file can
 * throw (see `sqliteManager`).
 */
export function sqliteReader(file: string, now: () => number = Date.now): SqliteReader {
  return orClose(openToRead(file, alarmSchema, 'sqliteManager'), file, (db) => {
    const ledger = sqliteLedger(db)
    const openRead = () => pageByPage(ledger.page)
    return {
      ...ledgerReader({ ...ledger, openRead }, now),
      ...sqliteOverview(db, ledger, now),
      close: async () => db.close(),
    }
  })
}
