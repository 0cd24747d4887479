import type { AlarmList, ListOptions } from '../vocabulary/listed-alarm.ts'
import type { ManagerStats } from '../vocabulary/manager-stats.ts'
import { alarmList } from './alarm-list.ts'
import type { LedgerAccess } from './ledger.ts'
import { listAlarms } from './list-alarms.ts'
import { statsOf } from './stats.ts'

/** What can be asked of a ledger without a change to it. */
export interface LedgerReader {
  list(options?: ListOptions): AlarmList
  stats(): Promise<ManagerStats>
}

export function ledgerReader(
  access: Pick<LedgerAccess, 'read' | 'openRead' | 'pauses' | 'look'>,
  now: () => number,
): LedgerReader {
  return {
    list: (options = {}) => alarmList(listAlarms(options, { ...access, now })),
    async stats() {
      const at = now()
      return statsOf(access.look(at), at)
    },
  }
}
