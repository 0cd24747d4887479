import { delayOf, type Failures, isExhausted, redeliver, retryUncounted } from '../ledger/redelivery.ts'
import type { LastError } from '../vocabulary/listed-alarm.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import type { Series } from './series/series.ts'

/** A named timer, as plain data. */
export interface Timer extends Failures {
  readonly name: string
  /** what it was set to, ms since the epoch */
  readonly time: number
  /** when it is handled next: at its time, or at the end of its back-off */
  readonly due: number
  /** which set of them all it was: the same time set again is another timer */
  readonly serial: number
}

/** A timer as all that keeps timers has it; where each has a row of its own, there is more to one. */
export interface TimerRow extends Omit<Timer, 'due'> {
  /** `null`: it rests, as it has failed for good, or is paused */
  readonly due: AlarmTime
  readonly payload?: unknown
  readonly lastError?: LastError | null
  /** where it comes again */
  readonly series?: Series | null
}

export function newTimer(name: string, time: number, serial: number): Timer {
  return { name, time, due: time, serial, counted: 0, uncounted: 0 }
}

/** Which timer of this actor it is: the same on each try, another one for each set. */
export function timerId({ serial }: Pick<Timer, 'serial'>): string {
  return `${serial}`
}

/** Whether a set to that time would change nothing. */
export function isSetTo({ time, counted, uncounted, due }: TimerRow, at: number): boolean {
  return time === at && counted + uncounted === 0 && due !== null
}

/**
 * Its handler has failed: it is due again after a back-off of its own.
 *
 * The back-off is a manager's: 2 s, doubling, six retries that count. After the last one it is due at once, to be abandoned.
 */
export function backedOff<T extends TimerRow>(timer: T, error: unknown, now: number): T & { due: number } {
  const { name } = timer
  const { failures, delay } = isExhausted(timer) ? retryUncounted(name, timer) : redeliver(name, timer, error)
  return { ...timer, ...failures, due: Math.ceil(now) + (delay ?? 0) }
}

/** A back-off that would end later than it may, as the clock was set back, begins again; otherwise the very timer. */
export function bounded<T extends TimerRow>(timer: T, now: number): T {
  const { name, counted, uncounted, due } = timer
  if (due === null || counted + uncounted === 0) return timer
  const end = Math.ceil(now) + delayOf(name, timer)
  return due > end ? { ...timer, due: end } : timer
}
