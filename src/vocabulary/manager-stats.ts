import type { AlarmScope } from './alarm-scope.ts'
import type { ListedState } from './listed-alarm.ts'

/** How late alarms were, ms after they were due: at most so much, 19 % less at least; `null` where there was none. */
export interface StatedLateness {
  readonly p50: number | null
  readonly p99: number | null
  readonly max: number | null
}

/** One subscription of `deliveries`, in whichever process. */
export interface Deliverer {
  /** as `lease.holder` of what it delivers says */
  readonly holder: string
  /** the process: its host and its number, where there are such */
  readonly process: string
  /** ms since the epoch */
  readonly since: number
  /** when it reported last: with its work, or every ten seconds while there is none */
  readonly seen: number
}

/** A time of which each part is counted by itself. */
export interface DueSpan {
  /** ms since the epoch */
  readonly from: number
  /** likewise, and after it; what is due then is not counted */
  readonly until: number
  /** how many parts of the same length, 1 to 1,000 */
  readonly parts: number
}

/** How a manager stands. */
export interface ManagerStats {
  /** ms since the epoch, as all times here by the manager's clock */
  readonly at: number
  /** how many alarms are in each state */
  readonly counts: Readonly<Record<ListedState, number>>
  /** the one that is due longest while it is not delivered, and for how many ms */
  readonly oldest: { readonly key: string; readonly overdue: number } | null
  /** of the last minute, also by those that deliver no more */
  readonly lateness: StatedLateness
  /** deliveries begun, and failed ones, a second; of the last minute */
  readonly fires: number
  readonly failures: number
  /** what `pause` was called for, and not resumed */
  readonly paused: readonly AlarmScope[]
  /** Empty: nothing delivers. One that was not seen for half a minute has died, or hangs. */
  readonly deliverers: readonly Deliverer[]
}

const LIVE = 30_000 // ms: what delivers reports every ten seconds

/** Whether it delivers: it reported within half a minute before `at`. One that did not has died, or hangs. */
export function isLive({ seen }: Pick<Deliverer, 'seen'>, at: number): boolean {
  return at - seen <= LIVE
}
