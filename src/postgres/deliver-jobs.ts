import { Observable, type ObservableInput, type SchedulerLike, Subscription } from 'rxjs'
import { openActivity } from '../ledger/activity.ts'
import type { DeliveryStory } from '../ledger/answers.ts'
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
import { type Database, loadEngine } from './database.ts'
import { enterAnswer, REST, rest } from './enter-answer.ts'
import { watchDue } from './near-due.ts'
import type { OperatorTable } from './operator-table.ts'
import { newDeliverer, newHolder, reportActivity } from './report-activity.ts'
import { openSlots } from './slots.ts'
import { watchStuck } from './upkeep.ts'
import { openWorker, type Worker } from './worker.ts'

/** What the deliveries of one manager share. */
export interface Deliveries {
  readonly db: Database
  readonly table: AlarmTable
  readonly operators: OperatorTable
  readonly redact: Redact
  readonly scheduler: SchedulerLike
  readonly lease: number
  readonly pollInterval: number
  /** those under way, for the closing of the manager */
  readonly open: Set<OpenDeliveries>
  /** called with ms until something is due that this process has just written */
  readonly dueListeners: Set<(dueIn: number | null) => void>
}

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

const POLLERS = 4
const MOST = 100 // others to take with the alarm of a job

/**
 * Delivers the alarms: never before their time, each at least once, one delivery of a key at a time.
 *
 * graphile-worker brings the jobs. A job only says that an actor's alarm may be due: its row decides, is leased, and has a new job at the
 * end of the lease, before a handler begins. So a job that comes twice, late, or for an older alarm finds nothing to do.
 */
export function deliverJobs(
  { db, table, operators, redact, scheduler, lease, pollInterval, open, dueListeners }: Deliveries,
  handler: (delivery: AlarmDelivery) => ObservableInput<unknown>,
  { concurrency = 100, abandon }: DeliveryOptions,
): Observable<DeliveryEvent> {
  return new Observable((subscriber) => {
    const elapsed = elapsedOf(scheduler)
    const context = currentContext()
    const slots = openSlots(concurrency)
    const runs = new Set<Run>()
    const answers = new Set<Promise<unknown>>() // that are not entered yet
    let isStopped = false
    let worker: Worker | null = null
    const whenFree = new Set<() => void>()
    const near = watchDue(scheduler, pollInterval, table.next, () => worker?.nudge())
    // What a subscriber throws that RxJS does not keep from it must not end the work of the others.
    const emit = (event: DeliveryEvent): void => reportUncaught(() => subscriber.next(event))
    const stall = openStall(scheduler, emit)
    const stalled = (error: unknown): void => void stall.failed(error, REST)
    const upkeep = watchStuck(scheduler, lease, table)
    const activity = openActivity(elapsed)
    const deliverer = newDeliverer()
    const reporting = reportActivity(deliverer, activity, scheduler, operators)

    async function begin(): Promise<void> {
      for (;;) {
        if (isStopped) return
        try {
          const [engine, pool] = [await loadEngine(), await db.pool()]
          if (isStopped) return
          const pollers = Math.min(POLLERS, concurrency)
          const written = near.requestPoll
          worker = openWorker({
            engine,
            pool,
            schema: db.name,
            pollInterval,
            scheduler,
            slots,
            pollers,
            take,
            check,
            failed: (error) => subscriber.error(error),
            written,
          })
          return
        } catch (error) {
          if (!canPass(error)) return subscriber.error(error)
          stalled(error)
          await rest(scheduler)
        }
      }
    }

    async function check(): Promise<void> {
      try {
        await db.check()
        stall.over()
      } catch (error) {
        if (canPass(error)) stalled(error)
        throw error
      }
    }

    /** The alarm of a job, and as many others as there are places for. */
    async function take(id: string): Promise<void> {
      const places = 1 + slots.reserveMore(MOST)
      let unused = places
      for (;;) {
        const holder = newHolder(deliverer)
        const lapsesAt = elapsed() + lease // before the database begins to count: ours ends first
        try {
          // What came too late to be taken has lost its job to it, so it gets another one.
          if (isStopped) await table.arm([id])
          const taken = isStopped ? [] : await table.take(id, holder, places - 1)
          unused -= taken.length
          stall.over()
          for (const each of taken)
            context.runInAsyncScope(() =>
              start({ taken: each, lapsesAt, work: new Subscription(), isAtWork: false }),
            )
          break
        } catch (error) {
          if (canPass(error)) stalled(error)
          else subscriber.error(error)
          if (isStopped) break
          await recover(holder)
        }
      }
      for (; unused > 0; unused--) slots.free()
    }

    /** What was taken by a statement that was not answered is not left to its lease. */
    async function recover(holder: string): Promise<void> {
      while (!isStopped) {
        await rest(scheduler)
        try {
          return await table.giveBack(holder)
        } catch {}
      }
    }

    function start(run: Run): void {
      const { taken, lapsesAt, work } = run
      const early = (taken.delivered.time as number) - scheduler.now()
      if (isStopped) {
        slots.free()
        giveBack(run)
        return
      }
      // Our clock is so far behind that the lease would end before.
      if (early > lease / 2) {
        slots.free()
        giveBack(run, early)
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
            const { answer, counted, isLast } = failed(taken, error, scheduler.now(), redact)
            enter(run, answer, (after) => {
              const isReplaced = after.setBy !== delivered.setBy || after.time !== delivered.time
              return { kind: 'failed', error, counted, retryAt: isLast || isReplaced ? null : after.due }
            })
          },
        }),
      )
    }

    /** Its place is free for the next. */
    function end(run: Run): void {
      if (!runs.delete(run)) return
      run.isAtWork = false
      slots.free()
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
        for (const notify of dueListeners) notify(after?.dueIn ?? null)
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
      upkeep.unsubscribe()
      dueListeners.delete(near.news)
      stopped = worker?.stop().catch(() => {}) ?? begun
    }

    /** Resolves when nothing is at work, and all is entered. */
    async function rested(): Promise<void> {
      if (runs.size > 0) {
        await new Promise<void>((resolve) => whenFree.add(resolve))
      }
      await stopped
      while (answers.size > 0) await Promise.all(answers)
      reporting.unsubscribe()
      await operators.gone(deliverer).catch(() => {}) // the database is away: it is forgotten in an hour
    }

    const all: OpenDeliveries = {
      async drain() {
        halt()
        for (const run of [...runs]) if (!run.isAtWork) stopRun(run)
        await rested()
        subscriber.complete()
      },
    }
    let stopped: Promise<unknown> = Promise.resolve()
    open.add(all)
    dueListeners.add(near.news)
    const begun = begin()
    return () => {
      halt()
      for (const run of [...runs]) stopRun(run)
      rested().then(() => open.delete(all))
    }
  })
}
