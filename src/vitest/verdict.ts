import { vi } from 'vitest'
import { MarblesError } from '../marbles/index.ts'

/** What a matcher returns. */
export interface Verdict {
  readonly pass: boolean
  readonly message: () => string
}

/** Passes where `report` is empty; `claim` is what `.not` complains of. */
export const verdict = (report: string, claim: string): Verdict => ({
  pass: report === '',
  message: () => (report === '' ? `Expected otherwise, but ${claim}` : report),
})

/**
 * Makes what a matcher refuses point at the expectation's own line, and refuses where time is fake: two clocks would tell two times.
 *
 * A refusal is thrown rather than returned, because `.not` would turn it into success.
 */
export function atTheExpectation<T>(matcher: (...args: never[]) => unknown, judge: () => T): T {
  try {
    if (vi.isFakeTimers())
      throw new MarblesError(
        'MARBLES_FAULT',
        'Expected no fake timers around a virtual run: both replace the clock, and only one of them moves. ' +
          'Call vi.useRealTimers() first, and keep tests with fake timers in a file of their own.',
      )
    return judge()
  } catch (error) {
    if (error instanceof MarblesError) Error.captureStackTrace(error, matcher)
    throw error
  }
}
