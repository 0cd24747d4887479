import type { Confirmation } from '../vocabulary/check-names.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import type { TimerRow } from './timer.ts'

/** Where a timer stands among those that are due: one is after another if it is due later, or was set later. */
export interface Place {
  readonly due: AlarmTime
  readonly serial: number
}

/**
 * Where the timers of one actor are kept, with its state. Synchronous: what was put is found at once, though it is durable only with the next
 * commit. The rules of timers know nothing else of a store.
 */
export interface TimerRows {
  /** the serial of the newest set there was, be it of a timer that is gone: 0 before the first */
  sets(): number
  find(name: string): TimerRow | undefined
  /** when the first of them is due */
  earliest(): AlarmTime
  /** Those that are due until then, in order, after a place; at most so many. */
  due(until: number, after: Place | null, most: number): readonly TimerRow[]
  /** Puts it in place of the one of its name. */
  put(timer: TimerRow, options?: Confirmation): void
  remove(name: string, options?: Confirmation): void
  /** Does several of these, between which nothing else changes the rows: what was read once need not be read again. */
  together<T>(work: () => T): T
  /** Lets no back-off last longer because the clock was set back. */
  bound(now: number): void
}
