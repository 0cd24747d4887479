import type { SchedulerAction, Subscription } from 'rxjs'
import type { ElapsedScheduler } from '../../src/vocabulary/elapsed.ts'
import { OnPurpose } from '../world/misbehaviour.ts'

/** The clocks of one process. */
export interface ProcessClock {
  /** that of the world, whose timers die with the process */
  readonly scheduler: ElapsedScheduler
  /** that of the actors: user code, too */
  readonly actorsClock: ElapsedScheduler
  /** The actors' clock throws in the course of this. */
  withBadClock(ask: () => void): void
}

export function processClock(clock: ElapsedScheduler, isAlive: () => boolean): ProcessClock {
  let isBad = false
  const scheduler: ElapsedScheduler = {
    now: () => clock.now(),
    elapsed: () => clock.elapsed(),
    schedule<T>(work: (this: SchedulerAction<T>, state: T) => void, delay = 0, state?: T): Subscription {
      return clock.schedule(
        function (this: SchedulerAction<T>, given?: T) {
          if (isAlive()) work.call(this, given as T)
        },
        delay,
        state,
      )
    },
  }
  return {
    scheduler,
    actorsClock: {
      ...scheduler,
      now() {
        if (isBad) throw new OnPurpose('the clock throws')
        return scheduler.now()
      },
    },
    withBadClock(ask) {
      isBad = true
      try {
        ask()
      } finally {
        isBad = false
      }
    },
  }
}
