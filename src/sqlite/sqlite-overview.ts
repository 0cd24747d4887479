import type { DatabaseSync } from 'node:sqlite'
import { alarmList } from '../ledger/alarm-list.ts'
import { searchAlarms } from '../ledger/search-alarms.ts'
import type { AlarmList, SearchOptions } from '../vocabulary/listed-alarm.ts'
import type { DueSpan } from '../vocabulary/manager-stats.ts'
import { countDueIn } from './count-due.ts'
import { pageByPage } from './page-by-page.ts'
import type { SqliteLedger } from './sqlite-ledger.ts'

/** What only an index answers over a million alarms. */
export interface SqliteOverview {
  search(options: SearchOptions): AlarmList
  countDue(span: DueSpan): Promise<readonly number[]>
}

/** `whileOpen` refuses what is asked of a file that was closed. */
export function sqliteOverview(
  db: DatabaseSync,
  ledger: Pick<SqliteLedger, 'range' | 'pauses'>,
  now: () => number,
  whileOpen: <T>(use: () => T) => T = (use) => use(),
): SqliteOverview {
  const countDue = countDueIn(db)
  const openRange = () =>
    pageByPage((range: Parameters<SqliteLedger['range']>[0]) => whileOpen(() => ledger.range(range)))
  return {
    search: (options) =>
      whileOpen(() => alarmList(searchAlarms(options, { now, openRange, pauses: ledger.pauses }))),
    countDue: async (span) => whileOpen(() => countDue(span)),
  }
}
