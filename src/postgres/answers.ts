import type { Report } from '../ledger/answers.ts'
import { answered, type HeldAlarm } from '../ledger/held-alarm.ts'
import { keptError, type Redact } from '../ledger/kept-error.ts'
import { isExhausted, redeliver, retryUncounted } from '../ledger/redelivery.ts'
import type { Answer, Taken } from './alarm-table.ts'

/** The handler is done, `abandon` has said what stands, or there is none and the alarm is kept as failed. */
export function reported({ id, delivered }: Taken, { answer }: Report): Answer {
  const { time, done, due, begun, counted, uncounted, lastError } = answered(
    delivered,
    answer,
    0,
  ) as HeldAlarm
  // What failed is this alarm's failure still when it was merely written once more.
  const isFenced = answer.kind !== 'given-up'
  return { id, delivered, isFenced, time, done, begun, counted, uncounted, lastError, due: { at: due } }
}

/** The handler failed; or `abandon` did, which is tried without end. */
export function failed(
  { id, delivered }: Taken,
  error: unknown,
  now: number,
  redact: Redact,
): { answer: Answer; counted: boolean; isLast: boolean } {
  const { key, time, done } = delivered
  const { failures, counted, delay } = isExhausted(delivered)
    ? retryUncounted(key, delivered)
    : redeliver(key, delivered, error)
  // What is to be abandoned is put back first, so that it is known to be so even if this process dies while it asks.
  return {
    answer: {
      id,
      delivered,
      isFenced: false,
      time,
      done,
      begun: true,
      ...failures,
      lastError: keptError(error, now, delivered.lastError, redact),
      due: { in: delay ?? 0 },
    },
    counted,
    isLast: delay === null,
  }
}

/** The lease is given back unused, at once or for `wait` ms. */
export function released({ id, delivered }: Taken, wait?: number): Answer {
  const { time, done, begun, counted, uncounted, lastError } = delivered
  return {
    id,
    delivered,
    isFenced: false,
    time,
    done,
    begun,
    counted,
    uncounted,
    lastError,
    // A clock that was set back since it was taken makes it no later.
    due: wait === undefined && !begun ? { at: time } : { in: wait ?? 0 },
  }
}
