/**
 * The kit of diagrams: read, run, record, draw; and a virtual clock.
 *
 * @module nolater/marbles
 */

export { RunawayError } from './clock/runaway.ts'
export { type VirtualClock, virtualClock } from './clock/virtual-clock.ts'
export type { Drawing } from './draw/draw-model.ts'
export { type DrawOptions, drawTimeline } from './draw/draw-timeline.ts'
export { type Answer, parseAnswers } from './scenario/answers.ts'
export { checkMarbles, explainMarbles } from './scenario/explain-marbles.ts'
export {
  type FakeManager,
  type FakeManagerOptions,
  fakeManager,
  type HeldAlarm,
} from './scenario/fake-manager.ts'
export { type FakeOptions, type FakeStore, fakeStore } from './scenario/fake-store.ts'
export type { Lane, LaneName, Moment, Scenario, Span } from './scenario/format.ts'
export { MarblesError, type MarblesErrorCode } from './scenario/marbles-error.ts'
export { parseMarbles } from './scenario/parse-marbles.ts'
export { printMarbles } from './scenario/print-marbles.ts'
export { type MarblesRun, type RunOptions, runMarbles, runMarblesAsync } from './scenario/run-marbles.ts'
export type { FakeCall } from './scenario/scripted.ts'
export type { Engine } from './scenario/stage.ts'
export type { UnnamedTime } from './scenario/unnamed.ts'
export { mergeTimelines, type Timeline, type TimelineError, type TimelineEvent } from './timeline/timeline.ts'
export { type Recording, recordTimeline } from './timeline/timeline-record.ts'
export { checkTrace } from './trace/check-trace.ts'
export type { TraceEvent, TraceFault } from './trace/trace-event.ts'
