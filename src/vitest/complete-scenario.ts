import { type Lane, MarblesError, type MarblesRun, type Scenario, type Span } from '../marbles/index.ts'
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

function withNextAnswer(scenario: Scenario, { seen }: MarblesRun): Scenario | null {
  for (const name of answered) {
    const drawn = scenario.lanes.find((lane) => lane.name === name)?.spans ?? []
    const call = seen.lanes.find((lane) => lane.name === name)?.spans[drawn.length]
    if (call === undefined || call.length > 1 || call[0].marks.length > 1) continue
    const [{ at, marks }] = call
    const next: Span = [
      { at, marks },
      { at: at + 1, marks: '|' },
    ]
    const lanes = scenario.lanes.some((lane) => lane.name === name)
      ? scenario.lanes.map((lane) => (lane.name === name ? { ...lane, spans: [...drawn, next] } : lane))
      : [...scenario.lanes, { name, spans: [next], comments: [''] }]
    return { ...scenario, columns: Math.max(scenario.columns, at + 2), lanes: inOrder(lanes) }
  }
  return null
}

/** The store before the manager, wherever the others stand. */
function inOrder(lanes: readonly Lane[]): Lane[] {
  const commit = lanes.findIndex(({ name }) => name === 'commit')
  const write = lanes.findIndex(({ name }) => name === 'write')
  return commit > write && write !== -1
    ? lanes.toSpliced(commit, 1).toSpliced(write, 0, lanes[commit]!)
    : [...lanes]
}
