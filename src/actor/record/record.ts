import { markReached, reportUnhandled, reportUnlessReached } from '../../operators/reached.ts'
import { reportUncaught } from '../../operators/report-uncaught.ts'
import { closedError, internalError } from '../../vocabulary/error-of.ts'
import { isClosed } from '../../vocabulary/errors.ts'
import type { AlarmStory } from '../../vocabulary/event.ts'
import { AlarmFacts } from '../facts.ts'
import { failAll } from '../waiting.ts'
import { Work } from '../work.ts'

/** A call of the user's, and what its end changes. */
export interface Ending {
  acknowledged(): void
  failed(error: unknown): void
  /** what waited for its end may go */
  free(): void
}

/** The record of one alarm: what it knows, and how it ends. Nothing but the transitions beside this file changes it. */
export abstract class AlarmRecord extends AlarmFacts {
  /** Applies the rules until none fits. */
  abstract settle(): void

  mayWrite(step: 'earlier' | 'later'): boolean {
    return this.config.mayWrite?.(this, step) ?? true
  }

  /** Current time, or `null` without subscribers: the clock costs more than a rule. */
  observedAt(): number | null {
    return this.telemetry === null ? null : this.now()
  }

  /** ms since then; `null` without a subscriber then. */
  took(since: number | null): number | null {
    return since === null ? null : this.now() - since
  }

  atWork(): Work {
    this.work ??= new Work()
    return this.work
  }

  /**
   * A call has ended. The pipe is free of it before the rules go on; what comes in between, say from a timer that fires at once, or of the
   * teardown, waits for that.
   */
  callEnded(work: Work, call: Ending, failure?: { readonly error: unknown }): void {
    if (this.work !== work) return
    const { settling } = work
    work.settling = true
    try {
      if (failure === undefined) call.acknowledged()
      else call.failed(failure.error)
    } catch (error) {
      this.breakBy(error)
    }
    call.free()
    work.settling = settling
    this.settle()
  }

  noteDrained(work: Work): void {
    work.stirred = false
    if (this.telemetry === null) return
    this.tell({ kind: 'drained', time: this.committed, caughtUp: this.acked === this.issued })
  }

  /** Drained, the pipe is dropped; and all of the work, once nothing waits for any of it. */
  drop(work: Work): void {
    if (this.work !== work || work.settling || !this.isDrained) return
    work.pipe?.unsubscribe()
    work.pipe = null
    if (work.run === null && work.waiters === 0) this.work = null
  }

  /** Emitted at the next flush. What intents, writes and commits call looks at `telemetry` first: an event without a subscriber is never made. */
  tell(story: AlarmStory): void {
    this.telemetry?.note({ at: this.now(), key: this.key, ...story })
  }

  /** For where all is decided: listeners may do what they like. */
  tellNow(story: AlarmStory): void {
    this.tell(story)
    this.telemetry?.flush()
  }

  close(): void {
    if (this.failure === null) this.fail(closedError(this.key))
  }

  /** What was thrown where nothing may throw breaks the alarm; what a teardown throws while it breaks is RxJS's to report. */
  breakBy(error: unknown): void {
    if (this.failure !== null) reportUnhandled(error)
    else reportUncaught(() => this.fail(internalError(this.key, error)))
  }

  /** Ends everything with the error that all that wait, and all that ask later, get. */
  fail(error: unknown): void {
    if (this.failure !== null) return
    const { work, telemetry } = this
    this.failure = error
    this.work = this.telemetry = null
    if (telemetry !== null || (work !== null && work.waiters > 0)) markReached(error)
    else if (!isClosed(error)) reportUnlessReached(error)
    try {
      work?.close()
    } finally {
      if (work !== null) failAll(work, error)
      if (isClosed(error)) telemetry?.complete()
      else telemetry?.error(error)
    }
  }
}
