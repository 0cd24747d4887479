import { Subscription } from 'rxjs'
import { reportUncaught } from '../operators/report-uncaught.ts'
import { type AlarmTime, isBefore } from '../vocabulary/time.ts'
import type { HeldAlarm } from './held-alarm.ts'

/** One alarm that was taken: waiting for its handler to be started, or with its handler at work. */
export interface Run {
  readonly delivered: HeldAlarm
  /** ms on the monotonic clock */
  readonly lapsesAt: number
  readonly handler: Subscription
}

/** What one subscription has taken and not yet answered for: at most one of a key. */
export interface Runs {
  readonly size: number
  /** no lease ends before; `null` when there is none */
  readonly firstLapse: AlarmTime
  /** Ends what it replaces: a key never has two handlers at work. */
  add(delivered: HeldAlarm, lapsesAt: number): Run
  /** It has answered: its teardown is not left for after the next delivery of its key. */
  end(run: Run): void
  /** Stops and returns those whose lease has ended. */
  expire(elapsed: number): Run[]
  /** Stops and returns all. */
  stop(): Run[]
}

export function openRuns(): Runs {
  const runs = new Map<string, Run>()
  // A lower bound: kept exact, it would have to be looked for at every answer.
  let firstLapse: AlarmTime = null

  const take = (ended: Run[]): Run[] => {
    for (const run of ended) if (runs.get(run.delivered.key) === run) runs.delete(run.delivered.key)
    // A user's teardown that throws must not keep the other handlers running.
    for (const { handler } of ended) reportUncaught(() => handler.unsubscribe())
    return ended
  }
  return {
    get size() {
      return runs.size
    },
    get firstLapse() {
      return runs.size === 0 ? null : firstLapse
    },
    add(delivered, lapsesAt) {
      const replaced = runs.get(delivered.key)
      if (replaced !== undefined) take([replaced])
      const run = { delivered, lapsesAt, handler: new Subscription() }
      if (runs.size === 0 || isBefore(lapsesAt, firstLapse)) firstLapse = lapsesAt
      runs.set(delivered.key, run)
      return run
    },
    end(run) {
      take([run])
    },
    expire(elapsed) {
      if (firstLapse === null || elapsed < firstLapse) return []
      const ended = take([...runs.values()].filter(({ lapsesAt }) => lapsesAt <= elapsed))
      firstLapse = null
      for (const { lapsesAt } of runs.values()) if (isBefore(lapsesAt, firstLapse)) firstLapse = lapsesAt
      return ended
    },
    stop: () => take([...runs.values()]),
  }
}
