import {
  type Lane,
  type LaneName,
  MarblesError,
  type MarblesRun,
  type Scenario,
  type Span,
} from '../marbles/index.ts'
import { type OpenActor, runActor } from './actor.ts'
import { printPlay, readPlay } from './acts.ts'

const answered = ['commit', 'write', 'handler'] as const
const CALLS = 1_000

/**
 * The whole diagram of which only a part is written: what is asked, and perhaps how it is answered. A call that the text
 * says nothing about is acknowledged in the next column.
 */
export function completeScenario(open: OpenActor, text: string, title: string): string {
  let play = readPlay(text, title)
  for (let calls = 0; calls < CALLS; calls++) {
    const run = runActor(open, play)
    const scenario = withNextAnswer(play.scenario, run)
    if (scenario !== null) {
      play = { ...play, scenario }
      continue
    }
    if (run.unnamed.length > 0) {
      play = { ...play, scenario: withNames(play.scenario, run.unnamed) }
      continue
    }
    if (run.faults.length === 0) return printPlay({ ...play, scenario: run.seen })
    throw new MarblesError(
      'MARBLES_FAULT',
      `Expected a run that a snapshot can keep:\n${run.faults.map((fault) => `! ${fault}`).join('\n')}`,
    )
  }
  throw new MarblesError(
    'MARBLES_FAULT',
    `Expected the run to end; after ${CALLS} calls of the store, the manager and the handler there are still more.`,
  )
}

/** A snapshot is read again, so each time in it needs a mark. */
function withNames(scenario: Scenario, unnamed: MarblesRun['unnamed']): Scenario {
  if (unnamed.some(({ letter }) => letter === '?'))
    throw new MarblesError(
      'MARBLES_FAULT',
      'Expected no more different times than there are letters. Let a column take a second, so that the clock reads whole ones: ' +
        'column 1000 ms; or divide the scenario.',
    )
  const named = unnamed.map(({ letter, time }) => [letter, time / 1_000] as const)
  return { ...scenario, where: { ...scenario.where, ...Object.fromEntries(named) } }
}

/** Answers the first call that has no answer yet: what comes after it may depend on it. */
function withNextAnswer(scenario: Scenario, { seen }: MarblesRun): Scenario | null {
  const drawnOf = (name: LaneName): readonly Span[] => laneOf(scenario, name)?.spans ?? []
  const unanswered = answered.flatMap((name) => {
    const call = laneOf(seen, name)?.spans[drawnOf(name).length]
    return call === undefined ? [] : [{ name, call }]
  })
  const [first] = unanswered.toSorted((a, b) => a.call[0].at - b.call[0].at)
  if (first === undefined) return null
  const { name, call } = first
  const spans = [...drawnOf(name), answerTo(call)]
  const lanes = scenario.lanes.some((lane) => lane.name === name)
    ? scenario.lanes.map((lane) => (lane.name === name ? { ...lane, spans } : lane))
    : [...scenario.lanes, { name, spans, comments: [''] }]
  return { ...scenario, columns: Math.max(scenario.columns, call[0].at + 2), lanes: inOrder(lanes) }
}

/** Acknowledged in the next column, unless nobody waits that long: a process dies before anything is answered. */
function answerTo([{ at, marks }, ...later]: Span): Span {
  const isCut = marks.length > 1 || later.some((moment) => moment.at <= at + 1)
  return isCut
    ? [{ at, marks }, ...later]
    : [
        { at, marks },
        { at: at + 1, marks: '|' },
      ]
}

const laneOf = ({ lanes }: Scenario, name: LaneName): Lane | undefined =>
  lanes.find((lane) => lane.name === name)

/** The store before the manager, wherever the others stand. */
function inOrder(lanes: readonly Lane[]): Lane[] {
  const commit = lanes.findIndex(({ name }) => name === 'commit')
  const write = lanes.findIndex(({ name }) => name === 'write')
  return commit > write && write !== -1
    ? lanes.toSpliced(commit, 1).toSpliced(write, 0, lanes[commit]!)
    : [...lanes]
}
