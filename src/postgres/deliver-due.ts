import { Observable, type ObservableInput, type SchedulerLike, Subscription, timer } from 'rxjs'
import { openActivity } from '../ledger/activity.ts'
import type { DeliveryStory } from '../ledger/answers.ts'
import { isReplaced } from '../ledger/held-alarm.ts'
import type { Redact } from '../ledger/kept-error.ts'
import { isExhausted } from '../ledger/redelivery.ts'
import { canPass, openStall } from '../ledger/stall.ts'
import { workOn } from '../ledger/work-on.ts'
import { currentContext } from '../operators/async-context.ts'
import { reportUncaught } from '../operators/report-uncaught.ts'
import { elapsedOf } from '../vocabulary/elapsed.ts'
import type { AlarmDelivery, DeliveryEvent, DeliveryOptions } from '../vocabulary/manager.ts'
import { wakeAt } from '../vocabulary/wake-at.ts'
import type { After, AlarmTable, Answer, Taken } from './alarm-table.ts'
import { failed, released, reported } from './answers.ts'
import type { Database } from './database.ts'
import { listenForDue } from './due-channel.ts'
import { enterAnswer, REST, rest } from './enter-answer.ts'
import { watchDue } from './near-due.ts'
import type { OperatorTable } from './operator-table.ts'
import { newDeliverer, newHolder, reportActivity } from './report-activity.ts'
import { keepUp } from './upkeep.ts'

/** What the deliveries of one manager share. */
export interface Deliveries {
  readonly db: Database
  /** the manager's name among those that notify each other */
  readonly own: string
  readonly table: AlarmTable
  readonly operators: OperatorTable
  readonly redact: Redact
  readonly scheduler: SchedulerLike
  readonly lease: number
  readonly pollInterval: number
  /** What the database says is due waits for the clock of this process, where that is behind. */
  readonly waitsForClock: boolean
  /** those under way, for the closing of the manager */
  readonly open: Set<OpenDeliveries>
  /** of what this process has just written */
  readonly dueListeners: Set<DueListener>
  /** Has what is due in so many ms, `null` for never, delivered here, or wherever there is a place for it. */
  announce(dueIn: number | null): void
  /** Notifies other processes of it. */
  wakeOthers(dueIn: number): void
  /** what its leases and its reports go by, where it is not for it to choose */
  readonly deliverer?: string
}

/** Called with the ms until something is due; returns whether there is a place for it. */
export type DueListener = (dueIn: number) => boolean

export interface OpenDeliveries {
  /** Takes nothing more, waits for the handlers at work and for their answers, and completes. */
  drain(): Promise<void>
}

/** One alarm that was taken, until its answer is known. */
interface Run {
  readonly taken: Taken
  /** ms on the monotonic clock */
  readonly lapsesAt: number
  readonly work: Subscription
  isAtWork: boolean
}

/** An error by which a handler says that it has done nothing, and that the alarm is another one's to deliver. */
export const RELEASED = new Error('The alarm is given back as it was taken.')

const MOST = 500 // alarms of one look
const GAP = 5 // ms between looks, so that what is due within them is taken together

/**
 * Delivers the alarms: never before their time, each at least once, one delivery of a key at a time.
 *
 * A look leases what is due, as far as there are places, and says when the next alarm is. One look is under way at a time.
 */
export function deliverDue(
  {
    db,
    own,
    table,
    operators,
    redact,
    scheduler,
    lease,
    pollInterval,
    waitsForClock,
    open,
    dueListeners,
    announce,
    wakeOthers,
    deliverer = newDeliverer(),
  }: Deliveries,
  handler: (delivery: AlarmDelivery) => ObservableInput<unknown>,
  { concurrency = 100, abandon }: DeliveryOptions,
): Observable<DeliveryEvent> {
  return new Observable((subscriber) => {
    const elapsed = elapsedOf(scheduler)
    const context = currentContext()
    const runs = new Set<Run>()
    const answers = new Set<Promise<unknown>>() // that are not entered yet
    let isStopped = false
    let isLooking = false
    let isAsked = false // for another look
    let looked: Promise<void> = Promise.resolve()
    let gap = Subscription.EMPTY
    const whenFree = new Set<() => void>()
    const near = watchDue(scheduler, pollInterval, () => look())
    const hasPlace = (dueIn: number): boolean => {
      near.news(dueIn)
      return places() > 0
    }
    const listening = listenForDue(db, scheduler, own, near.news)
    // What a subscriber throws that RxJS does not keep from it must not end the work of the others.
    const emit = (event: DeliveryEvent): void => reportUncaught(() => subscriber.next(event))
    const stall = openStall(scheduler, emit)
    const stalled = (error: unknown): void => void stall.failed(error, REST)
    const upkeep = keepUp(scheduler, lease, table)
    const activity = openActivity(elapsed)
    const reporting = reportActivity(deliverer, activity, scheduler, operators)

    const places = (): number => Math.min(MOST, concurrency - runs.size)

    /** Looks for what is due, now or once the last look is over. */
    function look(): void {
      isAsked = true
      if (isLooking || isStopped) return
      isLooking = true
      looked = takeAll().then(
        (isFull) => {
          if (isFull) lookAgain()
          else gap = timer(GAP, scheduler).subscribe(lookAgain)
        },
        (error) => subscriber.error(error),
      )
    }

    function lookAgain(): void {
      isLooking = false
      if (isAsked && places() > 0) look()
    }

    /** Whether it ended for want of places: the end of a handler asks again. */
    async function takeAll(): Promise<boolean> {
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve)) // the places of handlers that end together are filled together
        if (isStopped) return true
        isAsked = false
        const most = places()
        if (most === 0) {
          wakeOthers(0)
          return true
        }
        if (!(await take(most))) return false
      }
    }

    /** Takes at most so many; whether there may be more. */
    async function take(most: number): Promise<boolean> {
      const holder = newHolder(deliverer)
      const lapsesAt = elapsed() + lease // before the database begins to count: ours ends first
      try {
        const { taken, isFull, nextIn } = await table.take(holder, most)
        stall.over()
        near.news(nextIn)
        for (const each of taken)
          context.runInAsyncScope(() =>
            start({ taken: each, lapsesAt, work: new Subscription(), isAtWork: false }),
          )
        return isFull
      } catch (error) {
        await recover(holder, error)
        return true
      }
    }

    /** What was taken by a statement that was not answered is not left to its lease. */
    async function recover(holder: string, failure: unknown): Promise<void> {
      for (let error = failure; !isStopped; ) {
        if (!canPass(error)) return subscriber.error(error)
        stalled(error)
        await rest(scheduler)
        try {
          await db.check()
          return await table.giveBack(holder)
        } catch (next) {
          error = next
        }
      }
    }

    function start(run: Run): void {
      const { taken, lapsesAt, work } = run
      const early = waitsForClock ? (taken.delivered.time as number) - scheduler.now() : 0
      if (isStopped) {
        giveBack(run)
        return
      }
      // Our clock is so far behind that the lease would end before. That of another process may not be.
      if (early > lease / 2) {
        giveBack(run, lease / 2)
        return
      }
      runs.add(run)
      const receivedAt = elapsed()
      work.add(wakeAt(scheduler, lapsesAt, () => expire(run), elapsed))
      const begin = (): void => deliver(run, taken.late + elapsed() - receivedAt)
      if (early > 0) work.add(wakeAt(scheduler, taken.delivered.time as number, begin))
      else begin()
    }

    function deliver(run: Run, lateness: number): void {
      const { taken, work } = run
      const { delivered } = taken
      run.isAtWork = true
      if (!isExhausted(delivered)) tell(taken, { kind: 'delivered', lateness })
      if (work.closed) return
      work.add(
        workOn(delivered, handler, abandon).subscribe({
          next(report) {
            end(run)
            enter(run, reported(taken, report), (after) => report.story({ ...delivered, ...after }))
          },
          error(error) {
            end(run)
            if (error === RELEASED) return giveBack(run)
            const { answer, counted, isLast } = failed(taken, error, scheduler.now(), redact)
            enter(run, answer, (after) => {
              const isOver = isLast || isReplaced(after, delivered)
              return { kind: 'failed', error, counted, retryAt: isOver ? null : after.due }
            })
          },
        }),
      )
    }

    /** Its place is free for the next. */
    function end(run: Run): void {
      const isFull = places() === 0
      if (!runs.delete(run)) return
      run.isAtWork = false
      if (isFull) look()
      reportUncaught(() => run.work.unsubscribe()) // a teardown that throws must not keep the other handlers running
      if (runs.size === 0) for (const resolve of whenFree) resolve()
    }

    function expire(run: Run): void {
      end(run)
      tell(run.taken, { kind: 'expired' })
    }

    /** Enters what is said, and tells the story of it; or that the lease had ended. */
    function enter(
      { taken, lapsesAt }: Run,
      answer: Answer,
      story: (after: After) => DeliveryStory | null,
    ): void {
      const giveUp = (error: unknown): null => {
        subscriber.error(error)
        return null
      }
      const entering = enterAnswer({
        table,
        scheduler,
        taken,
        hasLapsed: () => elapsed() >= lapsesAt,
        answer,
        failed: stalled,
      }).catch(giveUp)
      const entered = entering.then((after) => {
        answers.delete(entered)
        stall.over()
        announce(after?.dueIn ?? null)
        tell(taken, after === null ? { kind: 'expired' } : story(after))
      })
      answers.add(entered)
    }

    function giveBack(run: Run, wait?: number): void {
      enter(run, released(run.taken, wait), () => null)
    }

    function tell({ delivered }: Taken, story: DeliveryStory | null): void {
      if (story === null) return
      if (story.kind === 'delivered') activity.fired(story.lateness)
      else if (story.kind === 'failed' || story.kind === 'expired') activity.failed()
      const { key, time, fence, counted } = delivered
      const delivery = { key, scheduledTime: time as number, fence, retryCount: counted }
      emit({ at: scheduler.now(), ...delivery, ...story })
    }

    function stopRun(run: Run): void {
      end(run)
      giveBack(run)
    }

    /** Takes nothing more. */
    function halt(): void {
      if (isStopped) return
      isStopped = true
      near.stop()
      listening.stop()
      upkeep.unsubscribe()
      gap.unsubscribe()
      dueListeners.delete(hasPlace)
    }

    /** Resolves when nothing is at work, and all is entered. */
    async function rested(): Promise<void> {
      if (runs.size > 0) {
        await new Promise<void>((resolve) => whenFree.add(resolve))
      }
      await looked
      while (answers.size > 0) await Promise.all(answers)
      await reporting.end()
    }

    const all: OpenDeliveries = {
      async drain() {
        halt()
        for (const run of [...runs]) if (!run.isAtWork) stopRun(run)
        await rested()
        subscriber.complete()
      },
    }
    open.add(all)
    dueListeners.add(hasPlace)
    look()
    return () => {
      halt()
      for (const run of [...runs]) stopRun(run)
      rested().then(() => open.delete(all))
    }
  })
}
