import { isObservable } from 'rxjs'
import type { MatcherState } from 'vitest'
import { MarblesError } from '../marbles/index.ts'
import { asOpenActor } from './actor.ts'
import { isScenario } from './is-scenario.ts'
import { matchActor, matchActorAsync } from './match-actor.ts'
import { matchObservable, matchObservableAsync } from './match-observable.ts'
import type { MarbleSubject } from './run-observable.ts'
import type { Values } from './values.ts'
import { atTheExpectation, atTheExpectationAsync, type Verdict, verdict } from './verdict.ts'

/** `expect(subject).toMatchMarbles(text, values)`; see `MarbleMatchers`. */
export function toMatchMarbles(
  this: MatcherState,
  subject: unknown,
  text: unknown,
  values?: Values,
): Verdict {
  return atTheExpectation(toMatchMarbles, () =>
    verdictOf(
      isOfActor(text)
        ? matchActor(asOpenActor(subject), text, this.currentTestName ?? 'a test')
        : matchObservable(...oneLine(this, subject, text), values, this),
    ),
  )
}

/** `await expect(subject).toMatchMarblesAsync(text, values)`; see `MarbleMatchers`. */
export function toMatchMarblesAsync(
  this: MatcherState,
  subject: unknown,
  text: unknown,
  values?: Values,
): Promise<Verdict> {
  return atTheExpectationAsync(this, toMatchMarblesAsync, async () =>
    verdictOf(
      isOfActor(text)
        ? await matchActorAsync(asOpenActor(subject), text, this.currentTestName ?? 'a test')
        : await matchObservableAsync(...oneLine(this, subject, text), values, this),
    ),
  )
}

const isOfActor = (text: unknown): text is string => typeof text === 'string' && isScenario(text)

/** What a diagram of one line takes. */
function oneLine(
  { utils }: MatcherState,
  subject: unknown,
  text: unknown,
): [subject: MarbleSubject<unknown>, text: string] {
  if (typeof text === 'string' && (typeof subject === 'function' || isObservable(subject)))
    return [subject as MarbleSubject<unknown>, text]
  throw new MarblesError(
    'MARBLES_INVALID',
    'Expected an Observable, a function that makes one, or a function that opens an actor, and a diagram as text; ' +
      `given ${utils.stringify(subject)} and ${utils.stringify(text)}.`,
  )
}

const verdictOf = (report: string): Verdict =>
  verdict(report === '' ? '' : `Expected what the diagram says:\n\n${report}`, 'all is as the diagram says.')
