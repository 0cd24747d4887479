import { isObservable } from 'rxjs'
import type { MatcherState } from 'vitest'
import { MarblesError } from '../marbles/index.ts'
import { asOpenActor } from './actor.ts'
import { completeScenario } from './complete-scenario.ts'
import { drawObservable } from './draw-observable.ts'
import { isUpdating, matchInlineSnapshot } from './inline-snapshot.ts'
import { isScenario } from './is-scenario.ts'
import { readActor } from './match-actor.ts'
import { kinds, readDiagram } from './read-diagram.ts'
import type { MarbleSubject } from './run-observable.ts'
import { openLetters } from './values.ts'
import { atTheExpectation, type Verdict } from './verdict.ts'

/** A diagram as it stands in a test: without the quotes that a string would have. */
export interface Drawn {
  readonly drawn: string
}

/** Prints what is `Drawn`, for `expect.addSnapshotSerializer`. */
export const drawnSerializer = {
  test: (value: unknown): boolean => typeof value === 'object' && value !== null && 'drawn' in value,
  serialize: (value: unknown): string => (value as Drawn).drawn,
}

/** `expect(subject).toMatchMarblesInlineSnapshot(text)`; see `MarbleMatchers`. */
export function toMatchMarblesInlineSnapshot(this: MatcherState, subject: unknown, text?: string): Verdict {
  const { drawn, difference } = atTheExpectation(toMatchMarblesInlineSnapshot, () =>
    draw(this, subject, text),
  )
  const verdict = matchInlineSnapshot(
    this,
    toMatchMarblesInlineSnapshot.name,
    { drawn } satisfies Drawn,
    text,
  )
  if (difference === '') return verdict
  // Vitest's own shows the texts; ours what happened, which need not be in the text.
  return { pass: false, message: () => `Expected what the diagram says:\n\n${difference}\n\n${howToWrite}` }
}

const howToWrite = 'To write what is seen in its place: npx vitest run FILE -u'

interface Seen extends Drawn {
  /** from the diagram that is there, where that is to be read */
  readonly difference: string
}

function draw(state: MatcherState, subject: unknown, text = ''): Seen {
  if (isScenario(text)) {
    const open = asOpenActor(subject)
    const title = state.currentTestName ?? 'a test'
    if (isUpdating(state)) return { drawn: completeScenario(open, text, title), difference: '' }
    const { seen, difference } = readActor(open, text, title)
    return { drawn: seen, difference }
  }
  if (!isObservable(subject) && typeof subject !== 'function')
    throw new MarblesError(
      'MARBLES_INVALID',
      `Expected an Observable, a function that makes one, or a function that opens an actor; given ${state.utils.stringify(subject)}.`,
    )
  const [line = ''] = text.trim().split('\n')
  const until = readDiagram(line, kinds.expected).marks.find(({ mark }) => mark === '!')?.at ?? null
  const plan = { until, columns: line.length }
  return {
    drawn: drawObservable(subject as MarbleSubject<unknown>, plan, openLetters(), state),
    difference: '',
  }
}
