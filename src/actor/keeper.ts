import { Observable } from 'rxjs'
import { markReached, reportUnhandled, reportUnlessReached, throwing } from '../operators/reached.ts'
import { reportUncaught } from '../operators/report-uncaught.ts'
import { checkConfirmation } from '../vocabulary/check-names.ts'
import { closedError, internalError } from '../vocabulary/error-of.ts'
import { isClosed } from '../vocabulary/errors.ts'
import type { AlarmEvent, AlarmStory } from '../vocabulary/event.ts'
import type { AlarmIntent } from '../vocabulary/intent.ts'
import { type AlarmTime, checkAlarmTime, moveTo } from '../vocabulary/time.ts'
import { issueCommit } from './commit.ts'
import { clockOf, type SharedConfig } from './config.ts'
import { type AlarmState, type Flight, idle, isDrained, isEarlier, nextStep, type Step } from './rules.ts'
import { openTelemetry, type Telemetry } from './telemetry.ts'
import { failAll, lookAgain, waitUntil } from './waiting.ts'
import { Work } from './work.ts'
import { openWriter, startWrite, type Writer } from './writer.ts'

/**
 * One actor's alarm: the record that the rules read, and the loop that applies them.
 *
 * A class because a million of these are kept: its methods are shared, and idle it is one small object.
 */
export class Keeper implements AlarmState {
  readonly config: SharedConfig
  readonly key: string
  readonly epoch: number
  desired: AlarmTime
  committed: AlarmTime
  bound: AlarmTime
  /** the last write issued and the last one acknowledged, counted in this epoch: small integers need no memory of their own */
  issued = 0
  acked = 0
  /** the epoch of its fences where the store has raised it since, above a fence of the manager's; 0: it has not */
  raisedTo = 0
  /** so many epochs above that one are its own too, for the writes that do not fit into one */
  spare = 0
  /** the write that set the alarm at the bound, and the last one whose delivery has begun: 0 is before this epoch, -1 none */
  setBy = 0
  begun = -1
  /** a delivery up to this write is not of the alarm that was asked last, though it have the same time */
  stale = -1
  work: Work | null = null
  telemetry: Telemetry | null = null
  /** why nothing works any more */
  failure: unknown = null

  constructor(config: SharedConfig, key: string, epoch: number, initial: AlarmTime) {
    this.config = config
    this.key = key
    this.epoch = epoch
    this.desired = this.committed = this.bound = checkAlarmTime(initial)
    this.suspect()
  }

  /** What is due when it is opened may have been delivered before. */
  suspect(): void {
    if (this.bound !== null && this.bound <= this.now()) this.begun = 0
  }

  /** The last write that is not of the alarm just asked: all so far, unless the manager holds it already, or is being given it. */
  private writesBefore(time: AlarmTime): number {
    const { work, bound, setBy, issued } = this
    if (work?.again === true) return issued
    if (time === bound) return setBy - 1
    return work?.writing === true && work.carries === time ? issued - 1 : issued
  }

  /** Whether a delivery of the alarm of that time, which the manager holds or is being given, has begun. */
  isBegun(time: AlarmTime): boolean {
    if (time === null) return false
    if (time === this.bound && this.begun >= this.setBy) return true
    return this.work?.writing === true && this.work.carries === time && this.begun >= this.issued
  }

  get flight(): Flight {
    return this.work ?? idle
  }

  /** That of its fences; commits keep the one of the opening. */
  get fenceEpoch(): number {
    return this.raisedTo === 0 ? this.epoch : this.raisedTo
  }

  now(): number {
    return clockOf(this.config).now()
  }

  /** Current time, or `null` without subscribers: the clock costs more than a rule. */
  observedAt(): number | null {
    return this.telemetry === null ? null : this.now()
  }

  /** ms since then; `null` without a subscriber then. */
  took(since: number | null): number | null {
    return since === null ? null : this.now() - since
  }

  /** Does what an intent asks for: another alarm, or a commit of what stands. Throws the error that broke the alarm, now or before. */
  follow(intent: AlarmIntent, time: AlarmTime | undefined): void {
    if (time === undefined) this.touch({ allowUnconfirmed: intent.allowUnconfirmed === true })
    else this.intend(time, intent.allowUnconfirmed)
  }

  /** A new wish of the application. Throws the error that broke the alarm, now or before. */
  intend(time: AlarmTime, unconfirmed = false): void {
    if (this.failure !== null) throw throwing(this.failure)
    if (this.telemetry !== null) this.tellIntent(time, unconfirmed)
    if (this.work?.run?.deletion === 'deferred') this.work.run.deletion = 'none'
    if (time !== this.desired || this.isBegun(time)) {
      this.want(time, unconfirmed)
    } else {
      // A delivery that has begun is of the alarm before this one, also where the write of this one was asked for by then.
      this.stale = Math.max(this.stale, this.begun)
      // The same value again is no move; but what was asked unconfirmed must be durable before the gate opens.
      if (!unconfirmed && this.work !== null) {
        this.work.gated = this.work.asked
        this.settle() // what a change has left to the end of its turn goes with it
      }
    }
    this.telemetry?.flush()
    if (this.failure !== null) throw throwing(this.failure)
  }

  tellIntent(time: AlarmTime, unconfirmed: boolean): void {
    const { bound, committed } = this
    const again = this.isBegun(time)
    const move = again ? 'earlier' : moveTo(time, bound)
    this.tell({ kind: 'intent', time, move, unconfirmed, bound, committed, ...(again && { again }) })
  }

  /** The state around the alarm changed: it needs a commit, and the gate, though the alarm stays. */
  touch(options?: { allowUnconfirmed?: boolean }): void {
    checkConfirmation(options)
    const unconfirmed = options?.allowUnconfirmed === true
    if (this.failure !== null) throw throwing(this.failure)
    if (this.telemetry !== null) this.tell({ kind: 'touched', unconfirmed })
    this.want(this.desired, unconfirmed, true)
    this.telemetry?.flush()
    if (this.failure !== null) throw throwing(this.failure)
  }

  /** Changes the desired alarm and does what the rules say. After a failure nothing is wanted any more. */
  want(time: AlarmTime, unconfirmed: boolean, isTouch = false): void {
    if (this.failure !== null) return
    this.work ??= new Work()
    const work = this.work
    const replaced = this.desired
    if (this.telemetry !== null && replaced !== time && !work.committing && replaced !== this.committed) {
      this.tell({ kind: 'superseded', before: 'commit', time: replaced, by: time })
    }
    this.desired = time
    work.touched = true
    work.asked++
    if (!isTouch) {
      work.again = this.isBegun(time)
      this.stale = this.writesBefore(time)
    }
    if (!unconfirmed) work.gated = work.asked
    // While nothing can go, an intent only replaces a number: the pipe is not woken.
    const mustHold = work.heldAt === null && this.isHeld(work)
    if (nextStep(this, work) !== null || mustHold) this.settle()
  }

  /** Deletes a settled alarm: the commit is issued before anything that listens or waits goes on, or it could be replaced first. */
  deleteNow(work: Work): void {
    if (this.telemetry !== null) this.tellIntent(null, false)
    this.desired = null
    work.again = false
    work.touched = true
    work.gated = ++work.asked
    if (work.settling) issueCommit(this, work)
    this.settle()
    this.telemetry?.flush()
    if (this.failure !== null) throw this.failure
  }

  /** The manager may have lost what it acknowledged, so what the store holds is written once. */
  reconcile(): void {
    if (this.config.reconcile !== false) this.renew()
  }

  /** The manager is owed the committed alarm once more, now. */
  renew(): void {
    if (this.failure !== null) return
    this.work ??= new Work()
    this.work.owed = true
    this.stopResting()
    this.settle()
  }

  stopResting(): void {
    const work = this.work
    if (work === null) return
    work.rest?.unsubscribe()
    work.rest = null
    work.resting = false
    work.attempt = 0
  }

  /** Applies the rules until none fits. A reentrant call is left to the loop that already runs. */
  settle(): void {
    const { work } = this
    if (work === null) return
    work.unsettled = true
    if (work.settling) return
    work.settling = true
    try {
      this.apply(work)
    } catch (error) {
      this.breakBy(error) // and never a loop that is taken for running
    }
    work.settling = false
    this.drop(work)
  }

  private apply(work: Work): void {
    while (work.unsettled && this.work === work) {
      for (let step = this.decide(work); step !== null && this.work === work; step = this.decide(work)) {
        work.stirred = true
        if (step === 'commit') {
          if (!this.isHeld(work)) this.release(work)
          issueCommit(this, work)
        } else if (work.writer !== null) work.writer.take(step)
        else startWrite(this, work, step)
      }
      if (this.work !== work) break
      work.unsettled = false
      this.wait(work)
      if (work.stirred && isDrained(this, work)) this.tellDrained(work)
      this.telemetry?.flush()
      lookAgain(work)
    }
  }

  private decide(work: Work): Step | null {
    if (this.isAnsweredByDeletion(work)) this.bound = null
    if (work.abandoned !== null && this.committed === null && !work.committing) {
      // The manager drops its copy with the answer: nothing may rely on it, and a newer write is owed or under way.
      if (this.acked <= work.abandoned) {
        this.bound = null
        work.owed ||= this.issued <= work.abandoned
      }
      work.abandoned = null
    }
    const step = nextStep(this, work)
    return step === null || step === 'commit' || this.mayWrite(step) ? step : null
  }

  /** Where actors share a limit: one that may not write yet is settled again when its turn comes, and works out then what to write. */
  protected mayWrite(_step: 'precommit' | 'later'): boolean {
    return true
  }

  /** Where the delivery's answer will delete the manager's copy, it may hold nothing from here on: no write is owed. */
  private isAnsweredByDeletion(work: Work): boolean {
    const { run } = work
    if (run?.deletion !== 'answer' || this.desired !== null || this.committed !== null) return false
    return !work.committing && !work.writing && this.issued <= run.since
  }

  /** What is wanted and cannot go yet waits in its lane of the pipe. */
  private wait(work: Work): void {
    if (this.isHeld(work)) {
      if (work.heldAt !== null) return
      work.heldAt = this.now()
      if (this.telemetry !== null) this.tell({ kind: 'held', time: this.desired })
      this.writer(work).ask('precommit')
    } else {
      if (work.heldAt !== null) this.release(work)
      if (work.behind && work.writing) this.writer(work).ask('later')
    }
  }

  /** An earlier move is wanted, and the write in flight is not it. */
  private isHeld(work: Work): boolean {
    return isEarlier(this, work) && work.writing && !(work.isPrecommit && work.carries === this.desired)
  }

  release(work: Work): void {
    if (work.heldAt === null) return
    if (this.telemetry !== null) {
      this.tell({ kind: 'released', time: this.desired, heldFor: this.now() - work.heldAt })
    }
    work.heldAt = null
  }

  private writer(work: Work): Writer {
    work.writer ??= openWriter(this, work)
    return work.writer
  }

  private tellDrained(work: Work): void {
    work.stirred = false
    if (this.telemetry === null) return
    this.tell({ kind: 'drained', time: this.committed, caughtUp: this.acked === this.issued })
  }

  /** Drained, the pipe is dropped; and all of the work, once nothing waits for any of it. */
  drop(work: Work): void {
    if (this.work !== work || work.settling || !isDrained(this, work)) return
    work.writer?.close()
    work.writer = null
    if (work.run === null && work.waiting === null) this.work = null
  }

  /** Emits and completes once `ready` holds, at once if it does; errors when the alarm breaks. */
  when(ready: () => boolean): Observable<void> {
    return waitUntil(this, ready)
  }

  get isDrained(): boolean {
    return isDrained(this, this.flight)
  }

  get events$(): Observable<AlarmEvent> {
    return new Observable((subscriber) => {
      if (isClosed(this.failure)) return subscriber.complete()
      if (this.failure !== null) return subscriber.error(this.failure)
      this.telemetry ??= openTelemetry(() => {
        this.telemetry = null
      })
      return this.telemetry.events$.subscribe(subscriber)
    })
  }

  /** Callers look at `telemetry` first, so that an event without a subscriber is never made. Emitted at the next flush. */
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
    if (telemetry !== null || (work !== null && work.waits > 0)) markReached(error)
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
