import { noop, Observable, type Subscription } from 'rxjs'
import { throwing } from '../operators/reached.ts'
import { reportUncaught } from '../operators/report-uncaught.ts'
import type { Awaitable } from '../vocabulary/awaitable.ts'
import { checkConfirmation } from '../vocabulary/check-names.ts'
import { isClosed } from '../vocabulary/errors.ts'
import type { AlarmEvent } from '../vocabulary/event.ts'
import type { AlarmIntent } from '../vocabulary/intent.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import { startCommit, startWrite } from './calls.ts'
import { type Condition, type MarkOf, noMark } from './lines.ts'
import { openPipe, type Pipe } from './pipe.ts'
import { deletedByAnswer } from './record/deliveries.ts'
import { alarmAsked, deletionAsked, intended, noteTouch, sameAsked, touched } from './record/intents.ts'
import { AlarmRecord } from './record/record.ts'
import { callStarted, pipeBuilt, stepHeld, stepReleased } from './record/waits.ts'
import { writeOwed } from './record/writes.ts'
import type { Step } from './rules.ts'
import { openTelemetry } from './telemetry.ts'
import { lookAgain, Wait } from './waiting.ts'
import { bothWait, isWaiting, type Work } from './work.ts'

/** One actor's alarm: its record, and the loop in which the rules say what is due, and the pipe when. */
export class Keeper extends AlarmRecord {
  /** Does what an intent asks for: another alarm, or a commit of what stands. Throws the error that broke the alarm, now or before. */
  follow(intent: AlarmIntent, time: AlarmTime | undefined): void {
    if (time === undefined) this.touch({ allowUnconfirmed: intent.allowUnconfirmed === true })
    else this.intend(time, intent.allowUnconfirmed)
  }

  /** A new wish of the application. Throws the error that broke the alarm, now or before. */
  intend(time: AlarmTime, unconfirmed = false): void {
    if (this.failure !== null) throw throwing(this.failure)
    intended(this, time, unconfirmed)
    if (time !== this.desired || this.isBegun(time)) this.want(time, unconfirmed)
    else if (sameAsked(this, unconfirmed)) this.settle() // what a change has left to the end of its turn goes with it
    this.telemetry?.flush()
    if (this.failure !== null) throw throwing(this.failure)
  }

  /** The state around the alarm changed: it needs a commit, and the gate, though the alarm stays. */
  touch(options?: { allowUnconfirmed?: boolean }): void {
    checkConfirmation(options)
    const unconfirmed = options?.allowUnconfirmed === true
    if (this.failure !== null) throw throwing(this.failure)
    noteTouch(this, unconfirmed)
    this.proceed(touched(this, unconfirmed))
    this.telemetry?.flush()
    if (this.failure !== null) throw throwing(this.failure)
  }

  /** Changes the desired alarm and does what the rules say. After a failure nothing is wanted any more. */
  want(time: AlarmTime, unconfirmed: boolean): void {
    if (this.failure !== null) return
    this.proceed(alarmAsked(this, time, unconfirmed))
  }

  /** An intent makes an earlier move or a commit due: while that one waits, or is under way, it only replaces a number. */
  private proceed(work: Work): void {
    if (bothWait(work)) return
    const { due } = this
    if (due !== null && !isWaiting(work, due)) this.settle()
  }

  /** Deletes a settled alarm: the commit is issued before anything that listens or waits goes on, or it could be replaced first. */
  deleteNow(work: Work): void {
    deletionAsked(this)
    if (work.settling) this.start('commit', work)
    this.settle()
    this.telemetry?.flush()
    if (this.failure !== null) throw throwing(this.failure)
  }

  /** The manager may have lost what it acknowledged, so what the store holds is written once. */
  reconcile(): void {
    if (this.config.reconcile !== false) this.renew()
  }

  /** The manager is owed the committed alarm once more, now. */
  renew(): void {
    if (this.failure !== null) return
    writeOwed(this)
    this.settle()
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
      work.unsettled = false
      this.advance(work)
      if (this.work !== work || work.unsettled) continue
      if (work.stirred && this.isDrained) this.noteDrained(work)
      this.telemetry?.flush()
      lookAgain(this, work)
    }
  }

  /** What waited goes where it may; then what is due goes, or waits. */
  private advance(work: Work): void {
    deletedByAnswer(this, work)
    if (work.heldAt !== null && this.due !== 'earlier') stepReleased(this, 'earlier', work)
    work.pipe?.look()
    const { due } = this
    if (this.work !== work || work.unsettled || due === null || isWaiting(work, due)) return
    if (this.isFreeFor(due)) {
      this.start(due, work)
    } else {
      stepHeld(this, due, work)
      this.pipe(work).due(due)
    }
  }

  private pipe(work: Work): Pipe {
    if (work.pipe !== null) return work.pipe
    const turn = (step: Step): Observable<never> =>
      new Observable((subscriber) => {
        const call = this.takeTurn(step, work, () => subscriber.complete())
        return () => reportUncaught(() => call?.unsubscribe()) // what it throws would cost the pipe the end of the turn
      })
    return pipeBuilt(
      work,
      openPipe(this, { earlier: turn('earlier'), commit: turn('commit'), later: turn('later') }, (error) =>
        this.breakBy(error),
      ),
    )
  }

  /** It has nothing to wait for, so it needs no pipe. */
  private start(step: Step, work: Work): void {
    const call = this.call(step, work, noop)
    if (this.work !== work) call?.unsubscribe()
    else callStarted(step, work, call)
  }

  /**
   * The step's turn has come. It ends at once where the step was released meanwhile, where another is due by now, or where what a call has
   * just changed was not looked at yet.
   */
  private takeTurn(step: Step, work: Work, free: () => void): Subscription | null {
    if (isWaiting(work, step)) {
      stepReleased(this, step, work)
      if (!work.unsettled && this.due === step) return this.call(step, work, free)
    }
    free()
    return null
  }

  private call(step: Step, work: Work, free: () => void): Subscription | null {
    if (step === 'commit') return startCommit(this, work, free)
    if (this.mayWrite(step)) return startWrite(this, work, step, free)
    free()
    return null
  }

  /** Emits and completes once the condition holds, at once if it does; errors when the alarm breaks. */
  when(condition: Condition<this>, markOf: MarkOf<this> = noMark): Awaitable<void> {
    return new Wait(this, condition, markOf)
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
}
