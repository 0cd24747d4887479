import { failuresOf } from '../ledger/redelivery.ts'
import type { LastError } from '../vocabulary/listed-alarm.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import type { Occurrence, SeriesPlan } from './series/series.ts'
import { type TimerRow, timerId } from './timer.ts'

/** A timer of a store, as it is read. */
export interface StoredTimer<P = unknown> {
  readonly name: string
  /** which timer it is, as its handler is given it: another one for each set, and for each time of a series */
  readonly id: string
  /** what it was set to, ms since the epoch; of one that comes again, its next time, or the one at work */
  readonly time: number
  /** when it is handled next: at its time, or the end of its back-off; `null` where it has failed or is paused */
  readonly due: AlarmTime
  /** `failed` when no retry was left: only `retry`, `discard` or a new set end that */
  readonly state: 'pending' | 'backing-off' | 'failed' | 'paused'
  readonly payload: P
  /** failed tries behind it, counted or not */
  readonly failures: number
  readonly lastError: LastError | null
  /** where it comes again: when, and what became of the last times, the newest at the end */
  readonly series: (SeriesPlan & { readonly history: readonly Occurrence[] }) | null
}

export function storedTimer<P>(row: TimerRow): StoredTimer<P> {
  const { name, time, due, payload, series, lastError = null } = row
  const failures = due === null ? failuresOf(row, lastError) : row.counted + row.uncounted
  return {
    name,
    id: timerId(row),
    time,
    due,
    state: stateOf(row),
    payload: payload as P,
    failures,
    lastError,
    series: series === undefined || series === null ? null : { ...series.plan, history: series.history },
  }
}

function stateOf({ due, counted, uncounted, series }: TimerRow): StoredTimer['state'] {
  if (due === null) return series?.paused === true ? 'paused' : 'failed'
  return counted + uncounted > 0 ? 'backing-off' : 'pending'
}
