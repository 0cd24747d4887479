import type { AlarmTime } from '../../vocabulary/time.ts'

/** When a timer comes again, and what becomes of the times that are missed; as it is stored. */
export interface SeriesPlan {
  readonly cron?: string
  /** ms from one time to the next */
  readonly interval?: number
  readonly timeZone?: string
  readonly start?: number
  readonly end?: number
  readonly jitter?: number
  readonly catchUp: 'none' | 'last' | 'all'
  readonly window?: number
  readonly overlap: 'skip' | 'queue'
}

/** What became of one time of a series. */
export interface Occurrence {
  /** when it was due, ms since the epoch */
  readonly time: number
  /** when its handler was called first, and when it was over; `null` where it was not called */
  readonly began: number | null
  readonly ended: number | null
  /**
   * `missed`: it, and all until the next of this list, were too old when the process was back. `skipped`: likewise, while the handler of the one
   * before was at work. `failed`: it was given up after its last retry.
   */
  readonly outcome: 'done' | 'failed' | 'missed' | 'skipped'
  /** of the failure */
  readonly error?: { readonly name: string; readonly message: string }
}

/** A timer that comes again, and how far it is. */
export interface Series {
  readonly plan: SeriesPlan
  /** what intervals are counted from */
  readonly anchor: number
  readonly paused: boolean
  /** Where all is caught up with: what came due after the one and until the other, while a handler was at work, is not handled. */
  readonly skipped: readonly (readonly [after: number, until: number])[]
  /** when the handler of the time at work was called first */
  readonly began: AlarmTime
  /** It came due while the handler of the one before was at work, and waits for it. */
  readonly queued: boolean
  /** the last ones, the newest at the end */
  readonly history: readonly Occurrence[]
}

const KEPT = 10

/** A series with one more in its history. */
export function noted(series: Series, occurrence: Occurrence): Series {
  return { ...series, history: [...series.history, occurrence].slice(-KEPT) }
}

export function newSeries(plan: SeriesPlan, anchor: number): Series {
  return { plan, anchor, paused: false, skipped: [], began: null, queued: false, history: [] }
}
