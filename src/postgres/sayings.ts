import type { Report } from '../ledger/answers.ts'
import { answered, type HeldAlarm } from '../ledger/held-alarm.ts'
import { isExhausted, redeliver, retryUncounted } from '../ledger/redelivery.ts'
import type { Saying, Taken } from './alarm-table.ts'

/** The handler is done, or `abandon` has said what stands. */
export function reported({ id, delivered }: Taken, { answer }: Report): Saying {
  const { time, done, due, counted, uncounted } = answered(delivered, answer, 0) as HeldAlarm
  return { id, delivered, isFenced: true, time, done, counted, uncounted, due: { at: due } }
}

/** The handler failed; or `abandon` did, which is tried for ever. */
export function failed(
  { id, delivered }: Taken,
  error: unknown,
): { saying: Saying; counted: boolean; isLast: boolean } {
  const { key, time, done } = delivered
  const { failures, counted, delay } = isExhausted(delivered)
    ? retryUncounted(key, delivered)
    : redeliver(key, delivered, error)
  // What is to be abandoned is put back first, so that it is known to be so even if this process dies while it asks.
  const due = delay === null ? { at: time } : { in: delay }
  return {
    saying: { id, delivered, isFenced: false, time, done, ...failures, due },
    counted,
    isLast: delay === null,
  }
}

/** The lease is given back unused, at once or for `wait` ms. */
export function released({ id, delivered }: Taken, wait?: number): Saying {
  const { time, done, due, counted, uncounted } = delivered
  return {
    id,
    delivered,
    isFenced: false,
    time,
    done,
    counted,
    uncounted,
    due: wait === undefined ? { at: due } : { in: wait },
  }
}
