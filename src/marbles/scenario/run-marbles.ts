import type { Subscription } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { type AlarmEvent, keepAlarm, openAlarm } from '../../index.ts'
import { checkNames } from '../../vocabulary/check-names.ts'
import { withTimerHeap } from '../clock/test-scheduler.ts'
import { type Running, runAtOnce, runByTurns } from '../clock/virtual-time.ts'
import { isOnTheClock } from './early-wakes.ts'
import { findFaults } from './find-faults.ts'
import { kindOf, type Lane, type LaneName, laneOf, type Scenario } from './format.ts'
import { keepActor, unseenByKeepAlarm } from './keep-actor.ts'
import { openActor } from './open-actor.ts'
import { parseMarbles } from './parse-marbles.ts'
import { seenOf } from './seen.ts'
import { type Actor, ANSWERED, type Engine, type Stage, setStage } from './stage.ts'
import { takeUnnamed, type UnnamedTime } from './unnamed.ts'

const DAY = 86_400_000
const library: Engine = { openAlarm, keepAlarm }

/** A scenario, and what a run of it showed. */
export interface MarblesRun {
  readonly expected: Scenario
  /** in the same shape, so that the two can be compared lane by lane */
  readonly seen: Scenario
  /** all events of the alarm, for `recordTimeline` */
  readonly events: readonly AlarmEvent[]
  /** what must not happen in any diagram, or what a diagram has no place for */
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
export function runMarbles(scenario: Scenario | string, options: RunOptions = {}): MarblesRun {
  checkNames('runMarbles', options, { through: true, engine: true })
  return playMarbles(typeof scenario === 'string' ? parseMarbles(scenario) : scenario, options)
}

/**
 * Likewise, and lets promises settle after each step, before the next one: for an engine, a store or a manager with `async` functions.
 *
 * A promise that waits for the world outside, or for a real timer, does not settle. One such run can be under way at a time
 * (`MARBLES_FAULT`), and so is a chain of promises that does not end.
 *
 * ```ts
 * const { seen, faults } = await runMarblesAsync(text)
 * ```
 */
export async function runMarblesAsync(
  scenario: Scenario | string,
  options: RunOptions = {},
): Promise<MarblesRun> {
  checkNames('runMarblesAsync', options, { through: true, engine: true })
  return playMarblesAsync(typeof scenario === 'string' ? parseMarbles(scenario) : scenario, options)
}

/** How a matcher runs a diagram. */
export interface PlayOptions extends RunOptions {
  /** asked when the run is over: whether it goes by the clock even without a line that says how the columns stand to it */
  readonly isByTheClock?: () => boolean
  /** a call that the diagram does not have is acknowledged in the next column, and the ruler grows; else it is never answered */
  readonly answersAll?: boolean
}

export function playMarbles(expected: Scenario, options: PlayOptions = {}): MarblesRun {
  const scheduler = withTimerHeap(new TestScheduler(() => {}))
  return runAtOnce(scheduler, () => beginPlay(scheduler, expected, options))
}

export function playMarblesAsync(expected: Scenario, options: PlayOptions = {}): Promise<MarblesRun> {
  const scheduler = withTimerHeap(new TestScheduler(() => {}))
  return runByTurns(scheduler, () => beginPlay(scheduler, expected, options))
}

/** `expectObservable` of the scheduler is not called; what was seen is compared by the caller. */
function beginPlay(
  scheduler: TestScheduler,
  expected: Scenario,
  { through = 'openAlarm', engine = library, isByTheClock = () => false, answersAll = false }: PlayOptions,
): Running<MarblesRun> {
  const written = setStage(expected, scheduler, answersAll)
  const actor = (through === 'openAlarm' ? openActor : keepActor)(written, engine)
  const looks = schedulePlay(written, actor, scheduler, answersAll && looksBack(expected) ? 2 * ANSWERED : 0)
  return {
    until: expected.columns * written.scale.column + DAY,
    looks,
    end() {
      const stage = answersAll ? { ...written, scenario: grown(written) } : written
      const { faults, events } = stage
      // Before the end, which unsubscribes from what is pending.
      const all = seenOf(stage, through === 'keepAlarm' ? unseenByKeepAlarm : [])
      findFaults(stage, actor, scheduler, isOnTheClock(expected) || isByTheClock())
      return { expected, ...takeUnnamed(all, stage.scale), events: [...events], faults: [...faults] }
    },
  }
}

/** Whether it has a lane of what is held, which goes on as the ruler grows. */
const looksBack = ({ lanes }: Scenario): boolean =>
  lanes.some(({ name }) => name === 'reads' || name === 'store' || name === 'manager')

/** With a ruler as long as the answers that nothing was drawn for. */
function grown({ scenario, scale, store, manager, handler }: Stage): Scenario {
  const undrawn = Object.entries({ commit: store.calls, write: manager.calls, handler: handler.calls })
    .flatMap(([name, calls]) => calls.slice(laneOf(scenario, name as LaneName)?.spans.length ?? 0))
    .map(({ at }) => scale.columnOf(at))
    .toSorted((a, b) => a - b)
  let { columns } = scenario
  // What begins behind the ruler is a fault, unless the answers before it have brought the ruler there.
  for (const column of undrawn) if (column < columns) columns = Math.max(columns, column + 2)
  return { ...scenario, columns }
}

/** The kit's looks back. Within one column, what was scheduled first comes first: so looking back, then the diagram, then answers and timers. */
function schedulePlay(
  { scenario, scale, recorder, store, manager }: Stage,
  actor: Actor,
  scheduler: TestScheduler,
  /** columns to look back on behind the ruler */
  more: number,
): Set<Subscription> {
  const looks = new Set<Subscription>()
  const at = (column: number, act: () => void): Subscription => scheduler.schedule(act, column * scale.column)
  for (let column = 0; column < scenario.columns + more; column++) {
    const look = at(column + 1, () => {
      const reads = actor.reads()
      if (reads !== null) recorder.value('reads', reads, column)
      recorder.value('store', scale.markOf(store.alarmOf()), column)
      recorder.value('manager', scale.markOf(manager.heldFor().time), column)
    })
    looks.add(look)
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
  return looks
}

const alive: Lane = { name: 'life', spans: [[{ at: 0, marks: '^' }]], comments: [''] }
