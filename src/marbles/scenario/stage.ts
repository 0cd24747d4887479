import type { TestScheduler } from 'rxjs/testing'
import type { AlarmConfig, AlarmEvent, keepAlarm, openAlarm } from '../../index.ts'
import { answerOf, inNextColumn } from './answers.ts'
import { type FakeManager, watchedManager } from './fake-manager.ts'
import { type FakeStore, fakeStore } from './fake-store.ts'
import { type LaneName, laneOf, type Scenario } from './format.ts'
import { type HeldLog, openHeldLog } from './held-log.ts'
import { openRecorder, type Recorder } from './recorder.ts'
import { type Scale, scaleOf } from './scale.ts'
import { type Scripted, scripted } from './scripted.ts'

/** The two faces of the library. */
export interface Engine {
  readonly openAlarm: typeof openAlarm
  readonly keepAlarm: typeof keepAlarm
}

/** What a diagram moves: one actor, through one of the library's two faces. */
export interface Actor {
  /** does what a mark of a lane says; what it returns takes that back, where a later `!` of the diagram can */
  act(lane: LaneName, mark: string): (() => void) | undefined
  /** the mark of what the alarm reads; `null` where no actor is open */
  reads(): string | null
  /** whether it says that nothing is left to do; `null` where no actor is open, or it is broken */
  isDrained(): boolean | null
  end(): void
}

/** What an actor under test stands on: a store, a manager and a handler that answer as the diagram says, and the records. */
export interface Stage {
  readonly scenario: Scenario
  readonly scale: Scale
  readonly recorder: Recorder
  readonly store: FakeStore
  readonly manager: FakeManager
  readonly heldLog: HeldLog
  readonly handler: Scripted<unknown>
  /** for the next incarnation; raises the epoch */
  config(): AlarmConfig
  /** the handler asks through this; set by the actor */
  ask: (mark: string) => void
  observe(event: AlarmEvent): void
  /** the alarm broke */
  broke(error: unknown): void
  /** the incarnation is over, and nothing is held any more */
  left(): void
  readonly events: readonly AlarmEvent[]
  readonly broken: readonly unknown[]
  readonly faults: string[]
  /** the wakes for what the manager does not hold: faults where the diagram goes by the clock */
  readonly unheld: string[]
}

/** So many calls are answered of themselves; an actor that goes on and on is left waiting. */
export const ANSWERED = 1_000

/** `answersAll`: a call that the diagram does not have is acknowledged in the next column. */
export function setStage(scenario: Scenario, scheduler: TestScheduler, answersAll: boolean): Stage {
  const scale = scaleOf(scenario, scheduler)
  const recorder = openRecorder(scale)
  const faults: string[] = []
  const unheld: string[] = []
  const events: AlarmEvent[] = []
  const broken: unknown[] = []
  const fault = (message: string): void => {
    faults.push(`column ${scale.columnOf()}: ${message}`)
  }
  const undrawn = Array.from({ length: answersAll ? ANSWERED : 0 }, () => inNextColumn(scale.column))
  const answersOf = (name: LaneName) => [
    ...(laneOf(scenario, name)?.spans ?? []).map((span) => answerOf(span, scale.column)),
    ...undrawn,
  ]

  const alarm = scale.timeOf(scenario.alarm)
  const store = fakeStore(answersOf('commit'), { alarm, scheduler, fault })
  const first = scale.timeOf(scenario.manager ?? scenario.alarm)
  const heldLog = openHeldLog(first, scale.clock.now)
  const manager = watchedManager(
    answersOf('write'),
    { alarm: first, scheduler, fault, store, ...(scenario.timeout && { timeout: scenario.timeout }) },
    heldLog.holds,
  )
  const handler = scripted<unknown>({
    name: 'handler',
    answers: answersOf('handler'),
    afterwards: 'hang',
    scheduler,
    fault,
    overlaps: (earlier) => earlier.outcome === 'pending',
    land: () => null,
    changed: () => {},
    ask: (mark) => stage.ask(mark),
  })

  let release: ((mark: string) => void) | null = null
  const left = (): void => {
    release?.('!')
    release = null
  }
  const lanes: Partial<Record<AlarmEvent['kind'], LaneName>> = {
    superseded: 'superseded',
    'write-retried': 'retried',
    'write-given-up': 'given-up',
  }

  const stage: Stage = {
    scenario,
    scale,
    recorder,
    store,
    manager,
    heldLog,
    handler,
    events,
    broken,
    faults,
    unheld,
    ask: () => {},
    left,
    config: () => ({
      initial: store.alarmOf(),
      epoch: store.open(),
      commit: store.commit,
      write: manager.write,
      reconcile: scenario.reconcile ?? false,
      ...(scenario.retry && {
        retry: { count: scenario.retry.length, delay: (attempt) => scenario.retry![attempt - 1]! },
      }),
      ...(scenario.timeout && { timeout: scenario.timeout }),
      scheduler: scale.clock,
    }),
    observe(event) {
      events.push(event)
      const lane = lanes[event.kind]
      if (event.kind === 'held') release = recorder.begin('held', '^')
      else if (event.kind === 'released') left()
      else if (event.kind === 'violation') recorder.mark('violation', scale.markOf(event.manager))
      else if (lane !== undefined && 'time' in event) recorder.mark(lane, scale.markOf(event.time))
    },
    broke(error) {
      broken.push(error)
      recorder.mark('life', '#')
      left()
    },
  }
  return stage
}
