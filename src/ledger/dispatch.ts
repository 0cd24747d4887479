import { Observable, type ObservableInput, type SchedulerLike, type Subject, Subscription } from 'rxjs'
import { currentContext } from '../operators/async-context.ts'
import { reportUncaught } from '../operators/report-uncaught.ts'
import type { AlarmDelivery, DeliveryEvent, DeliveryOptions } from '../vocabulary/manager.ts'
import type { Deliverer } from '../vocabulary/manager-stats.ts'
import { type AlarmTime, isBefore } from '../vocabulary/time.ts'
import { openActivity } from './activity.ts'
import { type DeliveryStory, enter, failed, type Report, released } from './answers.ts'
import type { ClockSteps } from './clock-steps.ts'
import { heartbeat } from './heartbeat.ts'
import { type HeldAlarm, setAside } from './held-alarm.ts'
import type { Redact } from './kept-error.ts'
import type { Ledger, LedgerAccess, Step } from './ledger.ts'
import { lookAgain } from './look-again.ts'
import { isPaused, type Pauses } from './pauses.ts'
import { isExhausted } from './redelivery.ts'
import { openRuns, type Run } from './runs.ts'
import { canPass, openStall } from './stall.ts'
import { workOn } from './work-on.ts'

/** What the deliveries of one manager share. */
export interface Dispatch {
  readonly access: LedgerAccess
  readonly scheduler: SchedulerLike
  readonly lease: number
  readonly steps: ClockSteps
  readonly redact: Redact
  /** `''`: no other process sees what is delivered, so nothing is reported without work */
  readonly processName: string
  /** due times that a write, an answer or another process has just brought */
  readonly news$: Subject<AlarmTime>
  /** a delivery is about to begin: handlers with an ended lease must stop first */
  readonly lapses$: Subject<void>
  /** nothing more is taken: it completes when the handlers at work have answered */
  readonly drain$: Subject<void>
}

const SEEN = 1_000 // ms between two times that the ledger is given what was done, while there is work
const MANY = 1_000 // to look at in one round, where some may be paused

/** What a round in the ledger came to: the answers that it entered, and what it took. */
interface Round {
  readonly entered: readonly (readonly [Report, HeldAlarm | null])[]
  readonly taken: readonly HeldAlarm[]
  readonly lapsesAt: number
  readonly seenAt: number
}

/**
 * Delivers the alarms of a ledger: never before their time, each at least once, one delivery of a key at a time.
 *
 * A round is one step of the ledger that enters the answers and takes what is due; there is one round at a time, and one timer, for
 * the next due alarm or the next lease that ends. All that happens enters one loop, and what happens inside it is left to it:
 * handlers that answer synchronously, or write, build no stack.
 */
export function dispatch(
  { access, scheduler, lease, steps, redact, processName, news$, lapses$, drain$ }: Dispatch,
  handler: (delivery: AlarmDelivery) => ObservableInput<unknown>,
  { concurrency = 100, abandon }: DeliveryOptions,
): Observable<DeliveryEvent> {
  return new Observable((subscriber) => {
    const { elapsed } = steps
    const context = currentContext()
    const holder = crypto.randomUUID()
    const since = scheduler.now()
    const activity = openActivity(elapsed)
    let seenAt = -Infinity // ms on the monotonic clock: when the ledger was given what this does
    const runs = openRuns()
    let reports: Report[] = []
    let round: Round | null = null
    let next: AlarmTime = 0 // nothing is due before; nothing is known yet
    let total = steps.total() // that `next` allows for
    let isRunning = false // a round
    let isDraining = false
    let isLooping = false
    let isStirred = false
    let rest: Subscription | null = null
    const timer = lookAgain(scheduler, elapsed, loop)
    // What a subscriber throws that RxJS does not keep from it must not end the work of the others.
    const emit = (event: DeliveryEvent): void => reportUncaught(() => subscriber.next(event))
    const stall = openStall(scheduler, emit)

    /** Handlers run in the asynchronous context of the subscription, and not in that of what set the loop off. */
    function loop(): void {
      isStirred = true
      if (!isLooping) context.runInAsyncScope(goOn)
    }

    function goOn(): void {
      isLooping = true
      while (isStirred && !subscriber.closed) {
        isStirred = false
        lapses$.next() // before the round begins: it may have taken what has just expired
        if (round !== null) begin(round)
        if (mayRun() && (reports.length > 0 || isDue() || steps.total() !== total)) {
          isRunning = true
          access.join(nextRound())
        }
      }
      isLooping = false
      if (isDraining && isIdle()) subscriber.complete()
      else arm()
    }

    function expire(): void {
      for (const { delivered } of runs.expire(elapsed())) tell(delivered, { kind: 'expired' })
    }

    const mayRun = (): boolean => !isRunning && rest === null && !subscriber.closed
    const hasPlaces = (): boolean => runs.size < concurrency && !isDraining
    const isIdle = (): boolean => runs.size === 0 && reports.length === 0 && round === null && !isRunning
    const isDue = (): boolean => hasPlaces() && next !== null && next <= scheduler.now()

    function arm(): void {
      if (isLooping || subscriber.closed) return
      const due = mayRun() && hasPlaces() ? next : null
      timer.set(due, runs.firstLapse)
    }

    function nextRound(): Step<Round> {
      let entering: Report[] = []
      return {
        run(ledger) {
          const now = scheduler.now()
          const lapsesAt = elapsed() + lease
          if (subscriber.closed) return { entered: [], taken: [], lapsesAt, seenAt }
          // It may run again, with what was entered before and rolled back.
          entering = [...entering, ...reports]
          reports = []
          const entered = entering.map((report) => [report, enter(ledger, report, now)] as const)
          const pauses = ledger.pauses()
          const taken = take(ledger, now, pauses)
          next = ledger.nextDue(pauses.generation)
          total = steps.total()
          return { entered, taken, lapsesAt, seenAt: keepActivity(ledger, now) }
        },
        done(result) {
          isRunning = false
          round = result
          seenAt = result.seenAt
          stall.over()
          spread(result.entered.map(([, after]) => after))
          if (subscriber.closed) giveBack()
          else loop()
        },
        failed(error) {
          isRunning = false
          if (subscriber.closed) return
          reports = [...entering, ...reports]
          next = 0
          if (!canPass(error)) return subscriber.error(error)
          const resting = new Subscription()
          rest = resting // before anything is emitted: a reentrant call must find it
          const delay = stall.failed(error)
          if (subscriber.closed) return
          resting.add(
            scheduler.schedule(() => {
              rest = null
              loop()
            }, delay),
          )
          arm()
        },
      }
    }

    const self = (now: number): Deliverer => ({ holder, process: processName, since, seen: now })

    /** Keeps what this does where other processes can read it; returns when that was last. */
    function keepActivity(ledger: Ledger, now: number): number {
      const passed = elapsed()
      if (passed - seenAt < SEEN) return seenAt
      ledger.seen({ ...self(now), minute: activity.minute() })
      return passed
    }

    /** There is no round to go with; the ledger may be locked, and nothing waits for it. */
    function beat(): void {
      try {
        seenAt = access.atOnce((ledger) => keepActivity(ledger, scheduler.now()))
      } catch {}
    }

    function take(ledger: Ledger, now: number, pauses: Pauses): HeldAlarm[] {
      if (!hasPlaces()) return []
      const places = concurrency - runs.size
      // What is paused does not keep the others waiting, however much of it there is.
      const asked = pauses.scopes.length === 0 ? places : Math.max(places, MANY)
      const due = ledger.due(now, asked, pauses.generation)
      const taken: HeldAlarm[] = []
      for (const held of due) {
        if (isPaused(pauses, held.key)) ledger.save(setAside(held, pauses.generation))
        else if (taken.length < places) taken.push(held)
      }
      if (taken.length > 0) ledger.lease(taken, now, holder, now + lease)
      return taken.map((held) => ({ ...held, holder }))
    }

    function begin({ entered, taken, lapsesAt }: Round): void {
      round = null
      const started = taken.map((delivered) => runs.add(delivered, lapsesAt))
      for (const [{ answer, story }, after] of entered) {
        tell(answer.delivered, after === null ? { kind: 'expired' } : story(after))
      }
      for (const run of started) start(run)
    }

    function start(run: Run): void {
      const { delivered } = run
      if (!isExhausted(delivered)) {
        tell(delivered, { kind: 'delivered', lateness: scheduler.now() - (delivered.due as number) })
      }
      if (subscriber.closed) return
      const answer = (report: Report): void => {
        runs.end(run)
        reports.push(report)
        loop()
      }
      run.handler.add(
        workOn(delivered, handler, abandon).subscribe({
          next: answer,
          error: (error) => answer(failed(delivered, error, scheduler.now(), redact)),
        }),
      )
    }

    function tell({ key, time, fence, counted }: HeldAlarm, story: DeliveryStory | null): void {
      if (story === null) return
      if (story.kind === 'delivered') activity.fired(story.lateness)
      else if (story.kind === 'failed' || story.kind === 'expired') activity.failed()
      const delivery = { key, scheduledTime: time as number, fence, retryCount: counted }
      emit({ at: scheduler.now(), ...delivery, ...story })
    }

    /** For the next subscriber: now if that can be, or when the ledger is free. Should it stay locked, the leases end by themselves. */
    function giveBack(): void {
      const taken = [...runs.stop().map(({ delivered }) => delivered), ...(round?.taken ?? [])]
      const answers = [...reports, ...taken.map(released)]
      reports = []
      round = null
      if (answers.length === 0 && seenAt === -Infinity) return
      seenAt = -Infinity
      const now = scheduler.now()
      const run = (ledger: Ledger) => {
        ledger.gone(self(now), activity.past())
        return answers.map((report) => enter(ledger, report, now))
      }
      try {
        spread(access.atOnce(run))
      } catch (error) {
        if (canPass(error)) access.join({ run, done: spread, failed() {} })
      }
    }

    function spread(changed: readonly (HeldAlarm | null)[]): void {
      let earliest: AlarmTime = null
      for (const held of changed) if (held !== null && isBefore(held.due, earliest)) earliest = held.due
      if (earliest !== null) news$.next(earliest)
    }

    subscriber.add(lapses$.subscribe(() => context.runInAsyncScope(expire)))
    subscriber.add(
      drain$.subscribe(() => {
        isDraining = true
        loop()
      }),
    )
    subscriber.add(
      news$.subscribe((due) => {
        // What `next` was compared with is no time of this clock any more.
        if (steps.total() !== total) return loop()
        if (!isBefore(due, next)) return
        next = due
        arm()
      }),
    )
    // By a timer of its own: there may be no look for an hour.
    if (processName !== '') subscriber.add(heartbeat(() => elapsed() - seenAt, beat, scheduler))
    subscriber.add(() => {
      timer.set(null, null)
      rest?.unsubscribe()
      giveBack()
    })
    arm() // and not the loop: nothing is emitted before the subscriber has its subscription
  })
}
