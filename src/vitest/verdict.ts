import { type MatcherState, type RunnerTestCase, vi } from 'vitest'
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

type Matcher = (...args: never[]) => unknown

/**
 * Makes what a matcher refuses point at the expectation's own line, and refuses where time is fake: two clocks would tell two times.
 *
 * A refusal is thrown rather than returned, because `.not` would turn it into success.
 */
export function atTheExpectation<T>(matcher: Matcher, judge: () => T): T {
  try {
    refuseFakeTimers()
    return judge()
  } catch (error) {
    if (error instanceof MarblesError) Error.captureStackTrace(error, matcher)
    throw error
  }
}

/** Likewise, for a matcher that is to be awaited: the test fails that ends before it. */
export function atTheExpectationAsync<T>(
  state: MatcherState,
  matcher: Matcher,
  judge: () => Promise<T>,
): Promise<T> {
  const place = new Error('at')
  Error.captureStackTrace(place, matcher)
  const run = async (): Promise<T> => {
    try {
      refuseFakeTimers()
      return await judge()
    } catch (error) {
      if (error instanceof MarblesError) error.stack = placed(place, error)
      throw error
    }
  }
  let isOver = false
  const running = run().finally(() => {
    isOver = true
  })
  const { task } = state as { task?: RunnerTestCase }
  task?.context.onTestFinished(async () => {
    if (isOver) return
    // The next test is to have the clock for itself; what this comes to is of no account any more.
    await running.catch(() => {})
    const error = new Error(
      `Expected ${matcher.name} to have ended before the test: it lets promises settle, so write await before expect(...).${matcher.name}(...).`,
    )
    error.stack = placed(place, error)
    throw error
  })
  return running
}

const placed = ({ stack = '' }: Error, { name, message }: Error): string =>
  `${name}: ${message}\n${stack.slice(stack.indexOf('\n') + 1)}`

function refuseFakeTimers(): void {
  if (!vi.isFakeTimers()) return
  throw new MarblesError(
    'MARBLES_FAULT',
    'Expected no fake timers around a virtual run: both replace the clock, and only one of them moves. ' +
      'Call vi.useRealTimers() first, and keep tests with fake timers in a file of their own.',
  )
}
