import type { AlarmScope } from '../../vocabulary/alarm-scope.ts'

/** What may be wrong with a manager and its stores; these codes never change. */
export type FindingCode =
  /** the file is damaged, or a row of it cannot be read */
  | 'FILE_DAMAGED'
  | 'ROW_UNREADABLE'
  /** the tables are those of another version */
  | 'SCHEMA_OLDER'
  | 'SCHEMA_NEWER'
  /** rows were written later than it is now */
  | 'CLOCK_DISAGREES'
  /** a failover would lose what was acknowledged last: commits do not wait for a standby */
  | 'STANDBY_ASYNCHRONOUS'
  /** the server has few connections left, for all that uses it */
  | 'CONNECTIONS_SCARCE'
  /** nothing delivers: a fault where something is due, a notice before */
  | 'NOTHING_DELIVERS'
  /** alarms are due, and are not taken though something delivers */
  | 'ALARM_OVERDUE'
  /** what is paused is not delivered: a fault where something of it is late */
  | 'ALARM_PAUSED'
  /** a process has the lease that does not deliver any more */
  | 'LEASE_STUCK'
  | 'ALARM_GIVEN_UP'
  /** an operator put it off to a time that is later than its own */
  | 'ALARM_RESCHEDULED'
  /** the manager held the alarm of a store once, and holds none now */
  | 'COPY_LOST'
  /** the manager would wake the actor later than its store says: what must never be */
  | 'COPY_LATER'
  /** the manager would wake it earlier, which does no harm: the actor says so to it */
  | 'COPY_EARLIER'
  /** the manager's fence is of an opening that the store does not know: it is older than its manager */
  | 'FENCE_AHEAD'
  /** the manager knows nothing of an actor whose store holds an alarm, and learns it when that is opened */
  | 'STORE_NOT_OPENED'
  /** the file of a store is empty: what opened it died before its first transaction */
  | 'STORE_EMPTY'

/** One thing that was found. */
export interface Finding {
  readonly code: FindingCode
  /** `notice`: it does no harm, or ends by itself */
  readonly severity: 'fault' | 'notice'
  /** the actor; `null`: it is of the whole */
  readonly key: string | null
  /** the pause that it is of */
  readonly scope?: AlarmScope
  /** what is the case */
  readonly text: string
  /** what it needs: done by `repair` where that is one */
  readonly advice: string
  /** Does it, under a fence where one is needed; resolves to whether it was as it had been found. */
  readonly repair: (() => Promise<boolean>) | null
}
