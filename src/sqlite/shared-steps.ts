import type { SchedulerLike } from 'rxjs'
import { type ClockSteps, isStep } from '../ledger/clock-steps.ts'
import type { SqliteLedger } from './sqlite-ledger.ts'

/** Allows for steps of the clock once, however many managers share the file and find them out. */
export interface SharedSteps {
  /** In the first transaction. */
  open(): void
  /** At the beginning of each transaction. */
  allow(): void
  /** The transaction was committed. */
  commit(): void
}

/** The file says how far its rows allow for steps: what another manager has done since the last look is left out here. */
export function sharedSteps(ledger: SqliteLedger, clock: ClockSteps, scheduler: SchedulerLike): SharedSteps {
  let known = 0
  let allowed = { step: 0, stepped: 0 }
  return {
    open() {
      known = ledger.stepped()
      ledger.bound(scheduler.now())
    },
    allow() {
      const step = clock.step()
      const stepped = ledger.stepped()
      const by = step - (stepped - known)
      if (isStep(by)) ledger.shift(by, scheduler.now())
      allowed = { step, stepped: isStep(by) ? stepped + by : stepped }
    },
    commit() {
      clock.allow(allowed.step)
      known = allowed.stepped
    },
  }
}
