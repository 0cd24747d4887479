import { isExhausted } from '../ledger/redelivery.ts'
import { backedOff, type TimerRow } from './timer.ts'

/** What a timer that is due comes to. */
export interface Begun {
  /** whether its handler is called */
  readonly runs: boolean
  /** the timer that is handled; or where none is, what stands in its place, `null` for nothing */
  readonly timer: TimerRow | null
}

/** How a handler has failed. */
export interface TimerFailure {
  readonly error: unknown
  /** there is a function to be called when no retry is left */
  readonly hasAbandon: boolean
}

/** What becomes of a timer. Pure: each returns what is to stand in its place, `null` for nothing. `serial` is that of one that is new. */
export interface TimerRules {
  /** It is due. */
  begin(timer: TimerRow, now: number): Begun
  /** The one that has begun is done; `standing` is what it has become meanwhile, and is the same timer. */
  succeeded(begun: TimerRow, standing: TimerRow, now: number, serial: number): TimerRow | null
  failed(
    begun: TimerRow,
    standing: TimerRow,
    failure: TimerFailure,
    now: number,
    serial: number,
  ): TimerRow | null
  /** No retry is left of it, and there is no function for that. */
  givenUp(timer: TimerRow, now: number, serial: number): TimerRow | null
}

/** Those of timers that come once: after the last retry they are abandoned, and gone. */
export const onceRules: TimerRules = {
  begin: (timer) => ({ runs: true, timer }),
  succeeded: () => null,
  failed: (_, standing, { error }, now) => backedOff(standing, error, now),
  givenUp: () => null,
}

/** Whether nothing is left but to abandon it. */
export function isSpent(timer: TimerRow): boolean {
  return isExhausted(timer)
}
