import type { Judge } from '../world/judge.ts'

/** The loads of one fleet, as its store sees them. */
export interface Openings {
  /** The store is asked. */
  asked(key: string): void
  /** It has opened the actor. */
  opened(key: string): void
}

const FORGOTTEN = 60_000 // ms

/** A store that goes on refusing is not asked in a loop: not within 1 s of the second refusal, doubling, a minute at most. */
export function openOpenings(judge: Judge, elapsed: () => number): Openings {
  const refused = new Map<string, { count: number; at: number }>()
  return {
    asked(key) {
      const now = elapsed()
      const { count, at } = refused.get(key) ?? { count: 0, at: now }
      const least = count < 2 ? 0 : Math.min(1_000 * 2 ** (count - 2), 60_000)
      if (now - at < least) judge.fault(`${key} is loaded again ${now - at} ms after ${count} refusals`)
      refused.set(key, { count: now - at < FORGOTTEN ? count + 1 : 1, at: now })
    },
    opened: (key) => void refused.delete(key),
  }
}
