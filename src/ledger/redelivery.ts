import type { LastError } from '../vocabulary/listed-alarm.ts'
import { fieldOf } from '../vocabulary/safe-field.ts'

const RETRIES = 6 // that count; like a Durable Object's
const FIRST = 2_000
const LONGEST = 1_024_000

/** The failed deliveries that an alarm has behind it. */
export interface Failures {
  readonly counted: number
  /** those that were not the handler's: the store's, the manager's, a change of owner */
  readonly uncounted: number
}

/** What a failed delivery leads to. */
export interface Redelivery {
  readonly failures: Failures
  /** whether this failure counts */
  readonly counted: boolean
  /** ms until it is delivered again; `null`: the alarm is given up */
  readonly delay: number | null
}

/**
 * What a failed delivery leads to: 2 s, doubling with every failure of the alarm so far, +0..25 % jitter, at most 1024 s.
 *
 * `counted: false` on the error: it does not count and is retried without end. `retry: false`: the alarm is given up at once.
 */
export function redeliver(key: string, { counted: behind, uncounted }: Failures, error: unknown): Redelivery {
  const [counted, retry] = [fieldOf(error, 'counted'), fieldOf(error, 'retry')]
  if (retry === false) {
    return { failures: { counted: RETRIES + 1, uncounted }, counted: counted !== false, delay: null }
  }
  if (counted === false) return retryUncounted(key, { counted: behind, uncounted })
  const failures = { counted: behind + 1, uncounted }
  return { failures, counted: true, delay: isExhausted(failures) ? null : delayOf(key, failures) }
}

/** For a failure that never counts, even if the error says so. */
export function retryUncounted(key: string, { counted, uncounted }: Failures): Redelivery {
  const failures = { counted, uncounted: uncounted + 1 }
  return { failures, counted: false, delay: delayOf(key, failures) }
}

/** Whether nothing is left but to give the alarm up. */
export function isExhausted({ counted }: Failures): boolean {
  return counted > RETRIES
}

/**
 * How many deliveries of an alarm failed that was given up. An error with `retry: false` uses up all its retries: where that was the first
 * error, the alarm failed once, and the count does not say so.
 */
export function failuresOf({ counted, uncounted }: Failures, lastError: LastError | null): number {
  return lastError !== null && lastError.since === lastError.at ? 1 : counted + uncounted
}

/** How long an alarm with these failures rests, ms. */
export function delayOf(key: string, { counted, uncounted }: Failures): number {
  const failure = counted + uncounted
  return Math.min(Math.round(FIRST * 2 ** (failure - 1) * (1 + jitter(key, failure) / 4)), LONGEST)
}

/** From 0 to 1, the same for the same failure of the same alarm: alarms that failed together come back spread, runs repeat. */
function jitter(key: string, failure: number): number {
  let hash = failure
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  // Keys mostly differ in their last letters: without this mixing they would come back in one clump.
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
