import { isObservable } from 'rxjs'
import { expect, type RunnerTestCase } from 'vitest'

/**
 * Makes a test fail that says `expect(x$)` and asks nothing of it, which Vitest lets pass, with `requireAssertions` too. Only for what
 * this kit's matchers take: Observables and functions.
 *
 * Vitest has no hook for the birth of an expectation, but each one that is born within a test passes through Chai's `withTest`.
 */
export function failUnchecked(): void {
  const { prototype } = expect(null).constructor as unknown as { prototype: Born }
  const { withTest } = prototype
  // Without isolation a worker evaluates this once for every file, on the one prototype.
  if (typeof withTest !== 'function' || watches in prototype) return
  Object.defineProperty(prototype, watches, { value: true })
  prototype.withTest = function bear(this: Born, test: RunnerTestCase) {
    const assertion = withTest.call(this, test)
    const { object } = assertion.__flags ?? {}
    if (!isObservable(object) && typeof object !== 'function') return assertion
    const error = new Error(
      'Expected a matcher: this expect() was given an Observable or a function, and nothing was asked of it. ' +
        'Go on with .toMatchMarbles(...), or take it out.',
    )
    Error.captureStackTrace(error, bear)
    return watched(assertion, pendingOf(test), error)
  }
}

const watches = Symbol.for('nolater.watches')

interface Born {
  withTest(test: RunnerTestCase): Born
  readonly __flags?: { readonly object?: unknown }
}

const pending = new WeakMap<RunnerTestCase, Set<Error>>()

function pendingOf(test: RunnerTestCase): Set<Error> {
  const known = pending.get(test)
  if (known !== undefined) return known
  const errors = new Set<Error>()
  pending.set(test, errors)
  test.context.onTestFinished(() => {
    const [first] = errors
    errors.clear()
    if (first !== undefined) throw first
  })
  return errors
}

/** The first thing asked of it is enough. A matcher asks nothing by its name alone; when it is called it looks at what it was given. */
function watched(assertion: Born, errors: Set<Error>, error: Error): Born {
  errors.add(error)
  return new Proxy(assertion, {
    get(target, name, receiver) {
      const asked = Reflect.get(target, name, receiver)
      if (name === 'not') return watched(asked as Born, errors, error)
      // To notice the call itself would put a frame on its stack, where Vitest looks for the place of an inline snapshot.
      if (asked !== undefined && !/^to[A-Z]/.test(String(name))) errors.delete(error)
      return asked
    },
  })
}
