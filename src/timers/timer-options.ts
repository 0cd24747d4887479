import type { StoredTimer } from './listed-timer.ts'
import type { TimerRow } from './timer.ts'
import type { TimerRows } from './timer-rows.ts'

/** What goes with a timer. */
export interface TimerOptions {
  /** what its handler is given: what structuredClone accepts */
  readonly payload?: unknown
  /** It does not close the output gate. */
  readonly allowUnconfirmed?: boolean
}

/** Which timers to list, and in which order. */
export interface TimerListOptions {
  /** only those whose names begin so */
  readonly prefix?: string
  /** only those that have failed for good, or are paused */
  readonly state?: 'failed' | 'paused'
  /** by name (the default), or by when they are due; those that have failed or are paused are in no order of time */
  readonly by?: 'name' | 'time'
  /** at most so many; default all */
  readonly limit?: number
  /** only those that come after this one, which was listed before */
  readonly after?: Pick<StoredTimer, 'name' | 'id' | 'due'>
}

/** Rows that can be listed. */
export interface ListedRows extends TimerRows {
  list(options: TimerListOptions): readonly TimerRow[]
}
