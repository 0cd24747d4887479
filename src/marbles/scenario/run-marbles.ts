import { TestScheduler } from 'rxjs/testing'
import { type AlarmEvent, keepAlarm, openAlarm } from '../../index.ts'
import { findFaults } from './find-faults.ts'
import { kindOf, type Lane, laneOf, type Scenario } from './format.ts'
import { keepActor, unseenByKeepAlarm } from './keep-actor.ts'
import { openActor } from './open-actor.ts'
import { parseMarbles } from './parse-marbles.ts'
import { seenOf } from './seen.ts'
import { type Actor, type Engine, type Stage, setStage } from './stage.ts'
import { takeUnnamed, type UnnamedTime } from './unnamed.ts'

const DAY = 86_400_000
const library: Engine = { openAlarm, keepAlarm }

/** A scenario, and what a run of it showed. */
export interface MarblesRun {
  readonly expected: Scenario
  /** in the same shape, so that the two can be compared lane by lane */
  readonly seen: Scenario
  /** all that the alarm told, for `recordTimeline` */
  readonly events: readonly AlarmEvent[]
  /** what must not happen whatever the diagram says, or what a diagram has no place for */
  readonly faults: readonly string[]
  /** the times for which `seen` has a `?`, by their columns */
  readonly unnamed: readonly UnnamedTime[]
}

/** What a diagram is run through. */
export interface RunOptions {
  /** which face of the library is run; `keepAlarm` knows intents only; default `openAlarm` */
  readonly through?: 'openAlarm' | 'keepAlarm'
  /** what is run in the library's place, such as one with a rule taken out */
  readonly engine?: Engine
}

/**
 * Runs a scenario against the library in virtual time, and returns what was seen.
 *
 * The diagram is script and expectation at once: its application asks in the columns drawn, its store, manager and handler answer
 * the first call, the second and so on as long after it as drawn, and what the alarm really did comes back as a diagram. A call
 * that the diagram does not have is never answered. The run goes on past the ruler until nothing is left to happen; what
 * happens there is a fault. Throws `MARBLES_INVALID` for a text that cannot be read.
 *
 * ```ts
 * const { seen, faults } = runMarbles(text)
 * expect(printMarbles(seen)).toBe(text)
 * ```
 */
export function runMarbles(
  scenario: Scenario | string,
  { through = 'openAlarm', engine = library }: RunOptions = {},
): MarblesRun {
  const expected = typeof scenario === 'string' ? parseMarbles(scenario) : scenario
  // Nobody calls its expectObservable; what was seen is compared by the one who asked.
  const scheduler = new TestScheduler(() => {})
  return scheduler.run(() => {
    const stage = setStage(expected, scheduler)
    const actor = (through === 'openAlarm' ? openActor : keepActor)(stage, engine)
    play(stage, actor, scheduler)
    const { faults, events } = stage
    // Before the end, which unsubscribes from what is pending.
    const all = seenOf(stage, through === 'keepAlarm' ? unseenByKeepAlarm : [])
    findFaults(stage, actor, scheduler)
    return { expected, ...takeUnnamed(all, stage.scale), events: [...events], faults: [...faults] }
  })
}

/** Within one column, what was scheduled first comes first: so looking back, then the diagram, then answers and timers. */
function play(
  { scenario, scale, recorder, store, manager }: Stage,
  actor: Actor,
  scheduler: TestScheduler,
): void {
  const at = (column: number, act: () => void): void => {
    scheduler.schedule(act, column * scale.column)
  }
  for (let column = 0; column < scenario.columns; column++) {
    at(column + 1, () => {
      const reads = actor.reads()
      if (reads !== null) recorder.value('reads', reads, column)
      recorder.value('store', scale.markOf(store.alarmOf()), column)
      recorder.value('manager', scale.markOf(manager.heldFor().time), column)
    })
  }
  const others = scenario.lanes.filter(({ name }) => name !== 'life')
  for (const { name, spans } of [laneOf(scenario, 'life') ?? alive, ...others]) {
    const { role, whole } = kindOf(name)
    if (role !== 'given' && role !== 'watched') continue
    for (const [{ at: column, marks }, ...later] of spans) {
      let takeBack: (() => void) | undefined
      at(column, () => {
        for (const mark of whole === undefined ? marks : marks[0]!) {
          if (name === 'life' && mark !== '#') recorder.mark('life', mark)
          takeBack = actor.act(name, mark)
        }
      })
      const gone = later.find((moment) => moment.marks.includes('!'))
      if (gone !== undefined) at(gone.at, () => takeBack?.())
    }
  }
  scheduler.maxFrames = scenario.columns * scale.column + DAY
  scheduler.flush()
}

const alive: Lane = { name: 'life', spans: [[{ at: 0, marks: '^' }]], comments: [''] }
