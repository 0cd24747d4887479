import type { SchedulerLike } from 'rxjs'
import { elapsedOf } from '../vocabulary/elapsed.ts'

/** What broke an actor last, and how often it has broken since something of it became durable. */
interface Trouble {
  readonly breaks: number
  /** elapsed ms */
  readonly until: number
  readonly error: unknown
}

/**
 * How long the actors that break stay broken: no store is asked to raise epochs in a loop.
 *
 * The first time an actor is loaded again at once; then after 1 s, doubling, a minute at most, until a commit of its is acknowledged.
 */
export interface BackOff {
  /** It broke. Returns for how many ms it stays broken. */
  broke(key: string, error: unknown): number
  /** What broke it, while it stays broken. */
  refusal(key: string): { readonly error: unknown } | null
  has(key: string): boolean
  /** Something of it became durable. */
  forget(key: string): void
}

const FIRST = 1_000 // ms
const LONGEST = 60_000

export function openBackOff(scheduler: SchedulerLike): BackOff {
  const troubles = new Map<string, Trouble>() // in the order in which they broke last
  let clock: (() => number) | null = null // not looked at before anything has broken
  const elapsed = (): number => {
    clock ??= elapsedOf(scheduler)
    return clock()
  }

  /** Those that were not asked for since: nothing else would drop them. */
  function forgetOld(now: number): void {
    for (const [key, { until }] of troubles) {
      if (until + LONGEST > now) break
      troubles.delete(key)
    }
  }

  return {
    broke(key, error) {
      const now = elapsed()
      forgetOld(now)
      const breaks = (troubles.get(key)?.breaks ?? 0) + 1
      const delay = breaks === 1 ? 0 : Math.min(FIRST * 2 ** (breaks - 2), LONGEST)
      troubles.delete(key)
      troubles.set(key, { breaks, until: now + delay, error })
      return delay
    },
    refusal(key) {
      const trouble = troubles.get(key)
      return trouble !== undefined && trouble.until > elapsed() ? trouble : null
    },
    has: (key) => troubles.has(key),
    forget: (key) => void troubles.delete(key),
  }
}
