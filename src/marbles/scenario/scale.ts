import type { SchedulerLike } from 'rxjs'
import type { AlarmTime } from '../../index.ts'
import type { Scenario } from './format.ts'

const SECOND = 1000
// Characters that Unicode leaves to us.
const PRIVATE = 0xe000

/** Between a diagram and the run: marks and alarm times, columns and the scheduler's ms. */
export interface Scale {
  timeOf(mark: string): AlarmTime
  /** for a time that the diagram has no mark for: one that stands nowhere else, until `unnamedOf` has said what it is */
  markOf(time: AlarmTime): string
  /** the time of such a mark */
  unnamedOf(mark: string): number | undefined
  /** a time as it is printed in a sentence */
  printed(time: AlarmTime): string
  /** what one column takes, ms */
  readonly column: number
  /** the column of now, or of a moment of the scheduler */
  columnOf(at?: number): number
  /** what the actor's clock reads at a moment of the scheduler */
  clockAt(at: number): number
  /** the actor's clock: the scheduler's, set to what the scenario says */
  readonly clock: SchedulerLike
}

/** The alarm time that a mark stands for, ms. */
export const timeOfMark = ({ where = {} }: Scenario, mark: string): AlarmTime =>
  mark === 'x' ? null : Math.round((where[mark] ?? Number(mark)) * SECOND)

export function scaleOf(scenario: Scenario, scheduler: SchedulerLike): Scale {
  const { where = {}, clock = 0, column = 1 } = scenario
  const clockAt = (at: number): number => Math.round(clock * SECOND) + at
  const unnamed: number[] = []
  const nameOf = (seconds: number): string | undefined =>
    Object.keys(where).find((name) => where[name] === seconds) ??
    (Number.isInteger(seconds) && seconds <= 9 ? `${seconds}` : undefined)
  const markOfUnnamed = (time: number): string => {
    const known = unnamed.indexOf(time)
    return String.fromCharCode(PRIVATE + (known === -1 ? unnamed.push(time) - 1 : known))
  }
  return {
    clockAt,
    timeOf: (mark) => timeOfMark(scenario, mark),
    markOf: (time) => (time === null ? 'x' : (nameOf(time / SECOND) ?? markOfUnnamed(time))),
    unnamedOf: (mark) => unnamed[mark.charCodeAt(0) - PRIVATE],
    printed: (time) => (time === null ? 'x' : (nameOf(time / SECOND) ?? `${time / SECOND} s`)),
    column,
    columnOf: (at = scheduler.now()) => Math.floor(at / column),
    clock: {
      now: () => clockAt(scheduler.now()),
      schedule: scheduler.schedule.bind(scheduler),
    },
  }
}
