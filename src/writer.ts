import { BehaviorSubject, concatMap, map, merge, Observable, Subject, startWith } from 'rxjs'
import { clockOf, restOf, retriesOf } from './config.ts'
import { AlarmPrecommitError, isFenced } from './errors.ts'
import type { AlarmStory } from './event.ts'
import { nextFence } from './fence.ts'
import { fromUser } from './from-user.ts'
import type { Keeper } from './keeper.ts'
import { gate } from './operators/gate.ts'
import { latestWhen } from './operators/latest-when.ts'
import { nextStep } from './rules.ts'
import { isBefore, moveTo, printTime } from './time.ts'
import type { Work } from './work.ts'

/** The pipe in which moves wait for the write in flight. */
export interface Writer {
  /** a move waits in its lane */
  ask(move: 'earlier' | 'later'): void
  /** the rules let a move go */
  take(step: 'precommit' | 'later'): void
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
  const earlier$ = new Subject<'earlier'>()
  const later$ = new Subject<'later'>()
  const mayPrecommit$ = new BehaviorSubject(false)
  const mayGoLater$ = new BehaviorSubject(false)
  const inFlight$ = new Subject<never>()
  let atGate = false

  const pipe = merge(earlier$.pipe(gate(mayPrecommit$)), later$.pipe(latestWhen(mayGoLater$)))
    .pipe(
      map(() => writeNow(keeper, work)),
      startWith(inFlight$),
      concatMap((write$) => write$),
    )
    .subscribe()

  const ask = (move: 'earlier' | 'later'): void => {
    if (move === 'later') {
      later$.next(move)
    } else if (!atGate) {
      atGate = true
      earlier$.next(move)
    }
  }
  return {
    ask,
    take(step) {
      const turn$ = step === 'precommit' ? mayPrecommit$ : mayGoLater$
      ask(step === 'precommit' ? 'earlier' : 'later')
      if (step === 'precommit') atGate = false
      turn$.next(true)
      turn$.next(false)
    },
    free: () => inFlight$.complete(),
    close: () => pipe.unsubscribe(),
  }
}

/** Nothing is in flight, so nothing has to wait: the write needs no pipe, unless something comes while it is in flight. */
export function startWrite(keeper: Keeper, work: Work): void {
  const write = writeNow(keeper, work).subscribe({ complete: () => work.writer?.free() })
  if (keeper.work !== work) write.unsubscribe()
  else if (work.writing) work.write = write
}

type Told = Pick<Extract<AlarmStory, { kind: 'write-issued' }>, 'move' | 'time' | 'fence' | 'attempt'>

/** One manager write, of whatever the rules want at this moment; completes when the writer is free again. */
function writeNow(keeper: Keeper, work: Work): Observable<never> {
  return new Observable((writer) => {
    const step = nextStep(keeper, work)
    if (step !== 'precommit' && step !== 'later') return writer.complete()
    const write = begin(keeper, work, step)
    if (write === null) return
    const { time, move, fence, attempt } = write
    const issuedAt = keeper.now()
    const writing = fromUser('write', () =>
      keeper.config.write(time, { key: keeper.key, move, fence, attempt }),
    )
    const free = (): void => {
      writer.complete()
      keeper.settle()
    }
    writer.add(
      writing.subscribe({
        complete() {
          work.writing = false
          work.attempt = 0
          keeper.acked = fence
          // Not when issued: a precommit that may not have been applied must not let its commit go.
          if (step === 'precommit') keeper.bound = time
          if (keeper.telemetry !== null) {
            keeper.tell({ kind: 'write-acknowledged', ...write, took: keeper.now() - issuedAt })
          }
          free()
        },
        error(error) {
          work.writing = false
          const fenced = isFenced(error)
          if (keeper.telemetry !== null) {
            const kind = fenced ? 'write-fenced' : 'write-failed'
            keeper.tell({ kind, ...write, took: keeper.now() - issuedAt, error })
          }
          if (fenced) return keeper.fail(error)
          if (step === 'precommit')
            return keeper.fail(new AlarmPrecommitError(keeper.key, printTime(time), error))
          restOrGiveUp(keeper, work, write, error)
          free()
        },
      }),
    )
  })
}

/** Takes the next fence; for a later move the bound rises now, since from here on the manager may hold the later time. */
function begin(keeper: Keeper, work: Work, step: 'precommit' | 'later'): Told | null {
  try {
    keeper.fence = nextFence(keeper.fence)
  } catch (error) {
    keeper.fail(error)
    return null
  }
  if (step === 'precommit') {
    keeper.release(work)
    keeper.stopResting() // it says all that a failed later move wanted to say
  }
  const time = step === 'precommit' ? keeper.desired : keeper.committed
  const write: Told = { move: moveTo(time, keeper.bound), time, fence: keeper.fence, attempt: ++work.attempt }
  work.writing = true
  work.carries = time
  work.owed = false
  if (step === 'later') keeper.bound = time
  if (step === 'later') work.behind = false
  if (keeper.telemetry !== null) keeper.tell({ kind: 'write-issued', ...write })
  return write
}

/** Nobody waits for a later move: it rests and is tried again, with what is committed then, unless an earlier one wants the writer. */
function restOrGiveUp(keeper: Keeper, work: Work, write: Told, cause: unknown): void {
  work.lastError = cause
  if (isBefore(keeper.desired, keeper.bound)) return
  try {
    if (write.attempt > retriesOf(keeper.config)) throw cause
    const delay = restOf(keeper.config, write.attempt)
    if (keeper.telemetry !== null) keeper.tell({ kind: 'write-retried', ...write, delay })
    work.resting = true
    work.rest = clockOf(keeper.config).schedule(() => {
      work.resting = false
      work.owed = true
      keeper.settle()
    }, delay)
  } catch (error) {
    work.attempt = 0
    if (keeper.telemetry !== null) keeper.tell({ kind: 'write-given-up', ...write, error })
  }
}
