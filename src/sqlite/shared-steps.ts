import type { SchedulerLike } from 'rxjs'
import { aheadOf, type ClockSteps, isStep } from '../ledger/clock-steps.ts'
import { machineElapsed } from './machine-elapsed.ts'
import type { SqliteLedger } from './sqlite-ledger.ts'

/** Allows for steps of the clock once, however many managers share the file, and whenever they were opened. */
export interface SharedSteps {
  /** At the beginning of each transaction. */
  allow(): void
  /** The transaction was committed. */
  commit(): void
}

const SECOND = 1_000

/**
 * The file says how far the wall clock was ahead of the machine's own when its rows were put right: a manager that was opened after a step
 * neither misses it nor allows for it twice, which would end a lease under its handler.
 */
export function sharedSteps(ledger: SqliteLedger, clock: ClockSteps, scheduler: SchedulerLike): SharedSteps {
  const elapsed = machineElapsed(scheduler)
  let isFirst = true
  let step = 0

  /** Begins again what says that it began later than now: no harm where another manager has done so. */
  const bound = (): void => ledger.bound(scheduler.now())

  function byMachine(since: () => number): void {
    const ahead = Math.round(aheadOf(scheduler, since))
    const passed = Math.floor(since())
    const known = ledger.clock()
    if (known === null || passed < known.elapsed) {
      bound() // the machine was started again, or is another one
      ledger.keepClock({ ahead, elapsed: passed })
    } else if (isStep(ahead - known.ahead)) {
      ledger.shift(ahead - known.ahead, scheduler.now())
      ledger.keepClock({ ahead, elapsed: passed })
    } else if (passed - known.elapsed >= SECOND) ledger.keepClock({ ahead: known.ahead, elapsed: passed })
  }

  return {
    allow() {
      step = clock.step()
      if (elapsed !== null) byMachine(elapsed)
      else if (isFirst || step < 0) bound()
    },
    commit() {
      isFirst = false
      clock.allow(step)
    },
  }
}
