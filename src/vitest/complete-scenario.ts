import { explainMarbles, type Lane, MarblesError, type Scenario } from '../marbles/index.ts'
import { kindOf } from '../marbles/scenario/format.ts'
import { ANSWERED } from '../marbles/scenario/stage.ts'
import { named } from '../marbles/scenario/unnamed.ts'
import { type OpenActor, runActor } from './actor.ts'
import { type Play, printPlay, readPlay } from './acts.ts'

/**
 * The whole diagram of which only a part is written: what is asked, and perhaps how it is answered. A call that the text
 * says nothing about is acknowledged in the next column, and a wake may be without its end.
 *
 * It is played once, and once more as it will be read: state that one play leaves to the next would make two diagrams of one.
 */
export function completeScenario(open: OpenActor, text: string, title: string): string {
  const play = readPlay(text, title, 'unfinished')
  const run = runActor(open, play, { answersAll: true })
  const called = run.seen.lanes.filter(({ name }) => kindOf(name).role === 'called')
  const calls = Math.max(0, ...called.map(({ spans }) => spans.length))
  if (calls > ANSWERED)
    throw new MarblesError(
      'MARBLES_FAULT',
      `Expected the run to end; after ${ANSWERED} calls of the store, the manager or the handler there are still more.`,
    )
  if (run.unnamed.some(({ letter }) => letter === '?'))
    throw new MarblesError(
      'MARBLES_FAULT',
      'Expected no more different times than there are letters. Let a column take a second, so that the clock reads whole ones: ' +
        'column 1000 ms; or divide the scenario.',
    )
  if (run.faults.length > 0)
    throw new MarblesError(
      'MARBLES_FAULT',
      `Expected a run that a snapshot can keep:\n${run.faults.map((fault) => `! ${fault}`).join('\n')}`,
    )
  const written = printPlay({ ...play, scenario: inOrder(play, named(run.seen, run.unnamed)) })
  const difference = explainMarbles(runActor(open, readPlay(written, title)))
  if (difference === '') return written
  throw new MarblesError(
    'MARBLES_FAULT',
    'Expected one and the same run, but the actor behaved differently when it was opened again: ' +
      `keep its state inside the function that opens it, or in config.store.\n\n${difference}`,
  )
}

/** The store before the manager, unless it is drawn elsewhere. */
function inOrder({ scenario }: Play, seen: Scenario): Scenario {
  const indexIn = (lanes: readonly Lane[], name: string): number =>
    lanes.findIndex((lane) => lane.name === name)
  const commit = indexIn(seen.lanes, 'commit')
  const write = indexIn(seen.lanes, 'write')
  if (indexIn(scenario.lanes, 'commit') !== -1 || write === -1 || commit < write) return seen
  return { ...seen, lanes: seen.lanes.toSpliced(commit, 1).toSpliced(write, 0, seen.lanes[commit]!) }
}
