import { isObservable } from 'rxjs'
import type { MatcherState } from 'vitest'
import { MarblesError } from '../marbles/index.ts'
import { asOpenActor } from './actor.ts'
import { isScenario } from './is-scenario.ts'
import { matchActor } from './match-actor.ts'
import { matchObservable } from './match-observable.ts'
import type { MarbleSubject } from './run-observable.ts'
import type { Values } from './values.ts'
import { atTheExpectation, type Verdict, verdict } from './verdict.ts'

/** `expect(subject).toMatchMarbles(text, values)`; see `MarbleMatchers`. */
export function toMatchMarbles(
  this: MatcherState,
  subject: unknown,
  text: unknown,
  values?: Values,
): Verdict {
  return atTheExpectation(toMatchMarbles, () => {
    if (typeof text === 'string' && isScenario(text))
      return verdictOf(matchActor(asOpenActor(subject), text, this.currentTestName ?? 'a test'))
    if (typeof text !== 'string' || (typeof subject !== 'function' && !isObservable(subject)))
      throw new MarblesError(
        'MARBLES_INVALID',
        'Expected an Observable, a function that makes one, or a function that opens an actor, and a diagram as text; ' +
          `given ${this.utils.stringify(subject)} and ${this.utils.stringify(text)}.`,
      )
    return verdictOf(matchObservable(subject as MarbleSubject<unknown>, text, values, this))
  })
}

const verdictOf = (report: string): Verdict =>
  verdict(report === '' ? '' : `Expected what the diagram says:\n\n${report}`, 'all is as the diagram says.')
