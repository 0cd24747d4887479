import type { AlarmDelivery, DeliveryEvent } from '../vocabulary/manager.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import { type Answer, answered, type HeldAlarm, isReplaced } from './held-alarm.ts'
import { keptError, type Redact } from './kept-error.ts'
import type { Ledger } from './ledger.ts'
import { isExhausted, redeliver, retryUncounted } from './redelivery.ts'

/** The event of one delivery; which one and when is added to it. */
export type DeliveryStory<E = DeliveryEvent> = E extends unknown ? Omit<E, 'at' | keyof AlarmDelivery> : never

/** An answer, and what to tell once it is durable. */
export interface Report {
  readonly answer: Answer
  story(after: HeldAlarm): DeliveryStory | null
}

export function done(delivered: HeldAlarm): Report {
  return {
    answer: { kind: 'done', delivered },
    story: (after) => ({ kind: 'done', removed: after.time === null }),
  }
}

/** The handler failed; or `abandon` did, which is tried without end. */
export function failed(delivered: HeldAlarm, error: unknown, now: number, redact: Redact): Report {
  const { key } = delivered
  const { failures, counted, delay } = isExhausted(delivered)
    ? retryUncounted(key, delivered)
    : redeliver(key, delivered, error)
  const lastError = keptError(error, now, delivered.lastError, redact)
  return {
    answer: { kind: 'failed', delivered, failures, lastError, delay },
    story(after) {
      const isAgain = delay !== null && !isReplaced(after, delivered)
      return { kind: 'failed', error, counted, retryAt: isAgain ? after.due : null }
    },
  }
}

export function abandoned(delivered: HeldAlarm, kept: AlarmTime): Report {
  return {
    answer: { kind: 'abandoned', delivered, kept },
    story: (after) => ({ kind: 'abandoned', kept: after.time }),
  }
}

/** No retry is left, and there is no `abandon`. */
export function givenUp(delivered: HeldAlarm): Report {
  const { lastError } = delivered
  return {
    answer: { kind: 'given-up', delivered },
    story: (after) => (isReplaced(after, delivered) ? null : { kind: 'given-up', lastError }),
  }
}

export function released(delivered: HeldAlarm): Report {
  return { answer: { kind: 'released', delivered }, story: () => null }
}

/** Enters an answer in the ledger; returns what stands now, or `null` if the lease was lost before. */
export function enter(ledger: Ledger, { answer }: Report, now: number): HeldAlarm | null {
  const { kind, delivered } = answer
  if (kind === 'done' && ledger.remove?.(delivered, now) === true) return answered(delivered, answer, now)
  const after = answered(ledger.read(delivered.key), answer, now)
  if (after !== null) ledger.save(after)
  return after
}
