import {
  BehaviorSubject,
  concatMap,
  map,
  merge,
  Observable,
  Subject,
  type Subscription,
  startWith,
} from 'rxjs'
import { runUser } from '../operators/from-user.ts'
import { gate } from '../operators/gate.ts'
import { latestWhen } from '../operators/latest-when.ts'
import { reportUncaught } from '../operators/report-uncaught.ts'
import { precommitError } from '../vocabulary/error-of.ts'
import { isFenced } from '../vocabulary/errors.ts'
import type { AlarmStory } from '../vocabulary/event.ts'
import { fenceOf } from '../vocabulary/fence.ts'
import { moveTo, printTime } from '../vocabulary/time.ts'
import { clockOf, restOf, retriesOf } from './config.ts'
import type { Keeper } from './keeper.ts'
import { writeRaised } from './raise-epoch.ts'
import { isEarlier, type Step } from './rules.ts'
import { withinTime } from './within-time.ts'
import type { Work } from './work.ts'

/** The steps that write. */
type WriteStep = Exclude<Step, 'commit'>

/** The pipe in which moves wait for the write in flight. */
export interface Writer {
  /** a move waits in its lane */
  ask(step: WriteStep): void
  /** the rules let a move go */
  take(step: WriteStep): void
  /** the write that was in flight when the pipe was built has ended */
  free(): void
  close(): void
}

/**
 * Builds the pipe around the write in flight; it lives until the alarm is drained.
 *
 *     earlier ── gate: held until the write in flight has ended ────────┐
 *     later ──── latestWhen: the newest, once nothing is uncommitted ───┴── concatMap: one write at a time
 *
 * A move in a lane carries no time: what to write is worked out when it is written.
 */
export function openWriter(keeper: Keeper, work: Work): Writer {
  const earlier$ = new Subject<'precommit'>()
  const later$ = new Subject<'later'>()
  const mayPrecommit$ = new BehaviorSubject(false)
  const mayGoLater$ = new BehaviorSubject(false)
  const inFlight$ = new Subject<never>()
  let atGate = false

  const turnOf = (step: WriteStep): Observable<never> =>
    new Observable((turn) => {
      const written = writeNow(keeper, work, step, () => turn.complete())
      return () => reportUncaught(() => written?.unsubscribe()) // what it throws would cost concatMap the end of the turn
    })

  const pipe = merge(earlier$.pipe(gate(mayPrecommit$)), later$.pipe(latestWhen(mayGoLater$)))
    .pipe(
      map(turnOf),
      startWith(inFlight$),
      concatMap((write$) => write$),
    )
    .subscribe()

  const ask = (step: WriteStep): void => {
    if (step === 'later') {
      later$.next(step)
    } else if (!atGate) {
      atGate = true
      earlier$.next(step)
    }
  }
  return {
    ask,
    take(step) {
      const turn$ = step === 'precommit' ? mayPrecommit$ : mayGoLater$
      ask(step)
      if (step === 'precommit') atGate = false
      turn$.next(true)
      turn$.next(false)
    },
    free: () => inFlight$.complete(),
    close: () => pipe.unsubscribe(),
  }
}

/** Nothing is in flight, so nothing has to wait: the write needs no pipe, unless something comes while it is in flight. */
export function startWrite(keeper: Keeper, work: Work, step: WriteStep): void {
  const write = writeNow(keeper, work, step, () => work.writer?.free())
  if (keeper.work !== work) write?.unsubscribe()
  else if (work.writing) work.write = write
}

type IssuedWrite = Pick<Extract<AlarmStory, { kind: 'write-issued' }>, 'move' | 'time' | 'fence' | 'attempt'>

/** One manager write, of what the step comes to at this moment; `free` is called when the writer is free again. */
function writeNow(keeper: Keeper, work: Work, step: WriteStep, free: () => void): Subscription | null {
  const begun = begin(keeper, work, step)
  if (begun === null) return null
  let write = begun
  const { time, move, attempt } = begun
  const sequence = keeper.issued
  const issuedAt = keeper.observedAt()
  // The rules go on when the writer is free; what comes in between, say from a timer that fires at once, waits for that.
  const end = (conclude: () => void): void => {
    if (keeper.work !== work) return
    const { settling } = work
    work.settling = true
    work.writing = false
    try {
      conclude()
    } catch (error) {
      keeper.breakBy(error)
    }
    free() // ends the write's teardown too: what that asks waits as well, or the pipe is asked for a turn that it still has
    work.settling = settling
    keeper.settle()
  }
  const acknowledged = (): void => {
    work.attempt = 0
    keeper.acked = sequence
    // Not when issued: a precommit that may not have been applied must not let its commit go.
    if (step === 'precommit') {
      keeper.bound = time
      keeper.setBy = sequence
      // Delivered before it was acknowledged, and asked again since, it needs another one.
      work.again &&= keeper.desired === time && keeper.stale >= sequence
    }
    if (keeper.telemetry !== null) {
      keeper.tell({ kind: 'write-acknowledged', ...write, took: keeper.took(issuedAt) })
    }
  }
  const failed = (error: unknown): void => {
    const fenced = isFenced(error)
    if (keeper.telemetry !== null) {
      const kind = fenced ? 'write-fenced' : 'write-failed'
      keeper.tell({ kind, ...write, took: keeper.took(issuedAt), error })
    }
    if (fenced) keeper.fail(error)
    else if (step === 'precommit') keeper.fail(precommitError(keeper.key, printTime(time), error))
    else restOrGiveUp(keeper, work, write, error)
  }
  const { config, key } = keeper
  const call = (fence: number) =>
    withinTime(config, 'write', () => config.write(time, { key, move, fence, attempt }))
  const raised = (fence: number): void => {
    write = { ...begun, fence }
  }
  return runUser('write', () => writeRaised(keeper, begun.fence, step === 'later', call, raised), {
    complete: () => end(acknowledged),
    error: (error) => end(() => failed(error)),
  })
}

/** Takes the next fence; for a later move the bound rises now, since from here on the manager may hold the later time. */
function begin(keeper: Keeper, work: Work, step: WriteStep): IssuedWrite | null {
  let fence: number
  try {
    const oneMore = keeper.config.raise === undefined ? 0 : 1
    fence = fenceOf(keeper.fenceEpoch, keeper.issued + 1, keeper.spare + oneMore)
  } catch (error) {
    keeper.fail(error)
    return null
  }
  if (step === 'precommit') {
    keeper.release(work)
    keeper.stopResting() // it says all that a failed later move wanted to say
  }
  const time = step === 'precommit' ? keeper.desired : keeper.committed
  const move = step === 'precommit' ? 'earlier' : moveTo(time, keeper.bound)
  const write: IssuedWrite = { move, time, fence, attempt: ++work.attempt }
  keeper.issued++
  work.writing = true
  work.carries = time
  work.isPrecommit = step === 'precommit'
  work.owed = false
  if (step === 'later') {
    if (time !== keeper.bound) keeper.setBy = keeper.issued
    keeper.bound = time
    work.behind = false
  }
  if (keeper.telemetry !== null) keeper.tell({ kind: 'write-issued', ...write })
  return write
}

/** Nothing waits for a later move: it rests and is tried again, with what is committed then, unless an earlier one wants the writer. */
function restOrGiveUp(keeper: Keeper, work: Work, write: IssuedWrite, error: unknown): void {
  work.lastError = error
  if (isEarlier(keeper, work)) return
  let delay: number
  try {
    if (write.attempt > retriesOf(keeper.config)) throw error
    delay = restOf(keeper.config, write.attempt)
  } catch (reason) {
    work.attempt = 0
    if (keeper.telemetry !== null) keeper.tell({ kind: 'write-given-up', ...write, error: reason })
    return
  }
  if (keeper.work !== work) return
  if (keeper.telemetry !== null) keeper.tell({ kind: 'write-retried', ...write, delay })
  work.resting = true
  work.rest = clockOf(keeper.config).schedule(() => {
    work.resting = false
    work.owed = true
    keeper.settle()
  }, delay)
}
