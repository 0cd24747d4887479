import type { Deliverer } from '../vocabulary/manager-stats.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import type { KeptDeliverer, Past } from './activity.ts'
import type { HeldAlarm } from './held-alarm.ts'
import type { ReadExcerpt } from './list-alarms.ts'
import type { Pauses } from './pauses.ts'
import type { Look } from './stats.ts'

/** Where a manager keeps what it holds, as one step sees it: nothing else changes it meanwhile. */
export interface Ledger {
  read(key: string): HeldAlarm | undefined
  save(alarm: HeldAlarm): void
  /** The usual write in one statement: of an alarm that is not being delivered, under a newer fence. `false`: it is not that, and nothing was done. */
  replace?(key: string, time: AlarmTime, fence: number, now: number): boolean
  /** The usual answer in one statement: the very write that was delivered is removed. `false`: it is not that, and nothing was done. */
  remove?(delivered: HeldAlarm, now: number): boolean
  /** Leases what `due` has just found by then. */
  lease(found: readonly HeldAlarm[], now: number, holder: string, until: number): void
  /**
   * some of the alarms that are due by `now`, oldest first, at most `limit` (1 or more); none only if none is due. Without what was set
   * aside in this generation of pauses; likewise `nextDue`
   */
  due(now: number, limit: number, generation: number): HeldAlarm[]
  /** the earliest due time of all */
  nextDue(generation: number): AlarmTime
  pauses(): Pauses
  keepPauses(pauses: Pauses): void
  /** Keeps that it delivers, and what it did. */
  seen(deliverer: KeptDeliverer): void
  /** Whether the process has died that has this lease. Without it none has: all are of this process. */
  hasDied?(holder: string, now: number): boolean
  /** It delivers no more: what it did last counts until it is a minute ago. */
  gone(deliverer: Deliverer, past: readonly Past[]): void
}

/** A piece of work on the ledger that is done as a whole or not at all. */
export interface Step<T> {
  run(ledger: Ledger): T
  /** what was done is durable */
  done(result: T): void
  /** nothing was done */
  failed(error: unknown): void
}

/** How to get at a ledger. Before each step, its durations are put right where the clock was set. */
export interface LedgerAccess {
  /** What is durable now. */
  read(key: string): HeldAlarm | undefined
  /** Begins to read what is held in order, some at a time. */
  openRead(): ReadExcerpt
  pauses(): Pauses
  /** Counts what is held. */
  look(now: number): Look
  /** Runs a step together with the others of this turn; in memory, at once. */
  join<T>(step: Step<T>): void
  /** Runs a step now, and waits for no lock; durable when it returns, and nothing was done when it throws. */
  atOnce<T>(run: (ledger: Ledger) => T): T
}
