import type { Subscription } from 'rxjs'
import { markReached, reportUnhandled, reportUnlessReached } from '../operators/reached.ts'
import { reportUncaught } from '../operators/report-uncaught.ts'
import { closedError, internalError } from '../vocabulary/error-of.ts'
import { isClosed } from '../vocabulary/errors.ts'
import type { AlarmStory } from '../vocabulary/event.ts'
import { fenceOf } from '../vocabulary/fence.ts'
import { type AlarmTime, isBefore, moveTo } from '../vocabulary/time.ts'
import { clockOf } from './config.ts'
import { AlarmFacts } from './facts.ts'
import type { Pipe } from './pipe.ts'
import type { Step } from './rules.ts'
import { failAll } from './waiting.ts'
import { type Run, Work, withoutStep, withStep } from './work.ts'

/** A manager write, as its events say it. */
export type Write = Pick<Extract<AlarmStory, { kind: 'write-issued' }>, 'move' | 'time' | 'fence' | 'attempt'>

/** A commit in flight: the alarm that it carries, and the intents that it covers. */
export interface Commit {
  readonly time: AlarmTime
  readonly covers: number
}

/** What a delivery's events say of it. */
export interface Delivered {
  readonly scheduledTime: number
  readonly retryCount: number
}

/** The transitions of what one actor knows. Nothing else changes it, and each emits its event: story and state cannot differ. */
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
  private took(since: number | null): number | null {
    return since === null ? null : this.now() - since
  }

  // Intents

  atWork(): Work {
    this.work ??= new Work()
    return this.work
  }

  noteIntent(time: AlarmTime, unconfirmed: boolean): void {
    if (this.telemetry === null) return
    const { bound, committed } = this
    const again = this.isBegun(time)
    const move = again ? 'earlier' : moveTo(time, bound)
    this.tell({ kind: 'intent', time, move, unconfirmed, bound, committed, ...(again && { again }) })
  }

  /** An alarm is asked for, which may be the one that stands. An intent of its handler's decides: the handler's success deletes nothing. */
  intended(time: AlarmTime, unconfirmed: boolean): void {
    this.noteIntent(time, unconfirmed)
    const run = this.work?.run
    if (run?.deletion === 'deferred') run.deletion = 'none'
  }

  noteTouch(unconfirmed: boolean): void {
    if (this.telemetry !== null) this.tell({ kind: 'touched', unconfirmed })
  }

  /** An alarm was asked for: another one, or the same time again after its delivery has begun. */
  alarmAsked(time: AlarmTime, unconfirmed: boolean): Work {
    const replaced = this.desired
    if (this.telemetry !== null && replaced !== time && this.isStoreFree && replaced !== this.committed) {
      this.tell({ kind: 'superseded', before: 'commit', time: replaced, by: time })
    }
    this.desired = time
    const work = this.touched(unconfirmed)
    work.again = this.isBegun(time)
    this.stale = this.writesBefore(time)
    return work
  }

  /** The alarm that stands was asked for again. Whether the gate is closed for it. */
  sameAsked(unconfirmed: boolean): boolean {
    // A delivery that has begun is of the alarm before this one, also where the write of this one was asked for by then.
    this.stale = Math.max(this.stale, this.begun)
    // The same value again is no move; but what was asked unconfirmed must be durable before the gate opens.
    if (unconfirmed || this.work === null) return false
    this.work.gated = this.work.asked
    return true
  }

  /** The state around the alarm changed: it needs a commit, and the gate, though the alarm stays. */
  touched(unconfirmed: boolean): Work {
    const work = this.atWork()
    work.touched = true
    work.asked++
    if (!unconfirmed) work.gated = work.asked
    return work
  }

  /** A settled alarm is deleted. */
  deletionAsked(): void {
    this.noteIntent(null, false)
    this.desired = null
    this.touched(false).again = false
  }

  /** The last write that is not of the alarm just asked: all so far, unless the manager holds it already, or is being given it. */
  private writesBefore(time: AlarmTime): number {
    const { work, bound, setBy, issued } = this
    if (work?.again === true) return issued
    if (time === bound) return setBy - 1
    return work?.writing === true && work.carries === time ? issued - 1 : issued
  }

  /** The manager is owed the committed alarm once more, now. */
  writeOwed(): void {
    this.atWork().owed = true
    this.retryDropped()
  }

  // What waits

  pipeBuilt(work: Work, pipe: Pipe): Pipe {
    work.pipe = pipe
    return pipe
  }

  /** A step waits in the pipe. */
  stepHeld(step: Step, work: Work): void {
    work.waits = withStep(work.waits, step)
    if (step !== 'earlier' || work.heldAt !== null) return
    work.heldAt = this.now()
    if (this.telemetry !== null) this.tell({ kind: 'held', time: this.desired })
  }

  /** A step waits no more: its turn has come, or it is not wanted. */
  stepReleased(step: Step, work: Work): void {
    work.waits = withoutStep(work.waits, step)
    const { heldAt } = work
    if (step !== 'earlier' || heldAt === null) return
    work.heldAt = null
    if (this.telemetry !== null)
      this.tell({ kind: 'released', time: this.desired, heldFor: this.now() - heldAt })
  }

  // What is called

  /** What can be unsubscribed, where the call is not over yet. */
  callStarted(step: Step, work: Work, call: Subscription | null): void {
    if (step === 'commit') work.commit = work.committing ? call : null
    else work.write = work.writing ? call : null
  }

  /**
   * A call has ended. The pipe is free of it before the rules go on; what comes in between, say from a timer that fires at once, or of the
   * teardown, waits for that.
   */
  callEnded(work: Work, transition: () => void, free: () => void): void {
    if (this.work !== work) return
    const { settling } = work
    work.settling = true
    try {
      transition()
    } catch (error) {
      this.breakBy(error)
    }
    free()
    work.settling = settling
    this.settle()
  }

  // Writes

  /** Takes the next fence; for a later move the bound rises now, since from here on the manager may hold the later time. */
  writeIssued(step: 'earlier' | 'later', work: Work): Write {
    const oneMore = this.config.raise === undefined ? 0 : 1
    const fence = fenceOf(this.fenceEpoch, this.issued + 1, this.spare + oneMore)
    const isPrecommit = step === 'earlier'
    if (isPrecommit) this.retryDropped() // it says all that a failed later move wanted to say
    const time = isPrecommit ? this.desired : this.committed
    const move = isPrecommit ? 'earlier' : moveTo(time, this.bound)
    const write: Write = { move, time, fence, attempt: ++work.attempt }
    this.issued++
    work.stirred = true
    work.writing = true
    work.carries = time
    work.isPrecommit = isPrecommit
    work.owed = false
    if (!isPrecommit) {
      if (time !== this.bound) this.setBy = this.issued
      this.bound = time
      work.behind = false
    }
    if (this.telemetry !== null) this.tell({ kind: 'write-issued', ...write })
    return write
  }

  /** The bound of a precommit moves only now: one that may not have been applied must not let its commit go. */
  writeAcknowledged(write: Write, sequence: number, work: Work, issuedAt: number | null): void {
    work.writing = false
    work.attempt = 0
    this.acked = sequence
    if (work.isPrecommit) {
      this.bound = write.time
      this.setBy = sequence
      // Delivered before it was acknowledged, and asked again since, it needs another one.
      work.again &&= this.desired === write.time && this.stale >= sequence
    }
    if (this.telemetry !== null) {
      this.tell({ kind: 'write-acknowledged', ...write, took: this.took(issuedAt) })
    }
  }

  writeFailed(write: Write, work: Work, issuedAt: number | null, error: unknown, isFenced: boolean): void {
    work.writing = false
    work.lastError = error
    if (this.telemetry === null) return
    const kind = isFenced ? 'write-fenced' : 'write-failed'
    this.tell({ kind, ...write, took: this.took(issuedAt), error })
  }

  writeGivenUp(write: Write, work: Work, error: unknown): void {
    work.attempt = 0
    if (this.telemetry !== null) this.tell({ kind: 'write-given-up', ...write, error })
  }

  /** Nothing waits for a later move: it rests and is tried again, with what is committed then. */
  retryScheduled(write: Write, work: Work, delay: number): void {
    if (this.telemetry !== null) this.tell({ kind: 'write-retried', ...write, delay })
    work.resting = true
    work.rest = clockOf(this.config).schedule(() => {
      work.resting = false
      work.owed = true
      this.settle()
    }, delay)
  }

  private retryDropped(): void {
    const { work } = this
    if (work === null) return
    work.rest?.unsubscribe()
    work.rest = null
    work.resting = false
    work.attempt = 0
  }

  epochRaised(held: number, epoch: number): number {
    const fence = fenceOf(epoch, this.issued)
    this.raisedTo = epoch
    if (this.telemetry !== null) this.tell({ kind: 'epoch-raised', held, epoch, fence })
    return fence
  }

  epochAdded(epoch: number): void {
    this.spare++
    if (this.telemetry !== null) this.tell({ kind: 'epoch-added', epoch })
  }

  // Commits

  commitIssued(work: Work): Commit {
    const { desired: time } = this
    work.stirred = true
    work.committing = true
    work.commits = time
    work.touched = false
    if (this.telemetry !== null) this.tell({ kind: 'commit-issued', time })
    return { time, covers: work.asked }
  }

  commitAcknowledged({ time, covers }: Commit, work: Work, issuedAt: number | null): void {
    const { committed: replaced, bound } = this
    const isSuperseded = work.behind
    work.committing = false
    this.committed = time
    work.covered = covers
    work.behind = isBefore(bound, time)
    if (this.telemetry === null) return
    this.tell({ kind: 'commit-acknowledged', time, took: this.took(issuedAt) })
    if (isSuperseded) this.tell({ kind: 'superseded', before: 'write', time: replaced, by: time })
  }

  commitFailed({ time }: Commit, issuedAt: number | null, error: unknown): void {
    if (this.telemetry !== null) {
      this.tell({ kind: 'commit-failed', time, took: this.took(issuedAt), error })
    }
  }

  // Deliveries

  /** The delivery of the alarm of `since` has begun, or that of any so far, where another one is run in place of it. */
  deliveryBegun(since: number): void {
    this.begun = Math.max(this.begun, since)
  }

  handlerStarted(run: Run): void {
    this.atWork().run = run
  }

  /** The handler has succeeded. Whether its alarm is to be deleted, which the answer does at the manager. */
  handlerDone(run: Run): boolean {
    if (run.deletion !== 'deferred') return false
    run.deletion = 'answer'
    return true
  }

  handlerEnded(run: Run): void {
    if (this.work?.run === run) this.work.run = null
  }

  /** The last write, counted when the alarm was given up. */
  givenUp(): void {
    this.atWork().abandoned = this.issued
  }

  /** Another alarm than the one that is given up is kept. */
  anotherKept(): void {
    // The manager holds it from here on, under the fence of the one that is given up: as at an opening, any delivery of it is its own.
    this.setBy = 0
    this.stale = this.begun = -1
  }

  /** The answer to what is given up is a move that the manager makes by itself: it is counted at once, and owed a newer write. */
  movedByAnswer(kept: AlarmTime): void {
    if (this.bound === kept) return
    this.bound = kept
    this.atWork().owed = true
  }

  // What answers delete

  /** The manager drops its copy with an answer, where the deletion is durable: nothing may rely on the copy from then on. */
  deletedByAnswer(work: Work): void {
    if (work.run !== null && this.isAnsweredByDeletion(work.run, work)) this.bound = null
    if (work.abandoned === null || this.committed !== null || work.committing) return
    // A newer write is owed or under way.
    if (this.acked <= work.abandoned) {
      this.bound = null
      work.owed ||= this.issued <= work.abandoned
    }
    work.abandoned = null
  }

  /** Where the delivery's answer will delete the manager's copy, it may hold nothing from here on: no write is owed. */
  private isAnsweredByDeletion(run: Run, work: Work): boolean {
    if (run.deletion !== 'answer' || this.desired !== null || this.committed !== null) return false
    return !work.committing && !work.writing && this.issued <= run.since
  }

  // Its end

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
    if (work.run === null && work.waiting === null) this.work = null
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
      failAll(work, error)
      if (isClosed(error)) telemetry?.complete()
      else telemetry?.error(error)
    }
  }
}
