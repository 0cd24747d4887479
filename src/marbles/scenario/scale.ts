import type { SchedulerLike } from 'rxjs'
import type { AlarmTime } from '../../index.ts'
import type { Scenario } from './format.ts'

const SECOND = 1000

/** Between a diagram and the run: marks and alarm times, columns and the scheduler's ms. */
export interface Scale {
  timeOf(mark: string): AlarmTime
  /** `?` for a time that the diagram has no mark for */
  markOf(time: AlarmTime): string
  /** what one column takes, ms */
  readonly column: number
  /** the column of now, or of a moment of the scheduler */
  columnOf(at?: number): number
  /** what the actor's clock reads at a moment of the scheduler */
  clockAt(at: number): number
  /** the actor's clock: the scheduler's, set to what the scenario says */
  readonly clock: SchedulerLike
}

export function scaleOf({ where = {}, clock = 0, column = 1 }: Scenario, scheduler: SchedulerLike): Scale {
  const clockAt = (at: number): number => Math.round(clock * SECOND) + at
  return {
    clockAt,
    timeOf: (mark) => (mark === 'x' ? null : Math.round((where[mark] ?? Number(mark)) * SECOND)),
    markOf(time) {
      if (time === null) return 'x'
      const seconds = time / SECOND
      const letter = Object.keys(where).find((name) => where[name] === seconds)
      return letter ?? (Number.isInteger(seconds) && seconds <= 9 ? `${seconds}` : '?')
    },
    column,
    columnOf: (at = scheduler.now()) => Math.floor(at / column),
    clock: {
      now: () => clockAt(scheduler.now()),
      schedule: scheduler.schedule.bind(scheduler),
    },
  }
}
