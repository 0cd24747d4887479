import { BehaviorSubject, concatMap, first, map, merge, type Observable, Subject, switchMap } from 'rxjs'
import { latestWhen } from '../operators/latest-when.ts'
import type { Step } from './rules.ts'

/** What is in flight, as the record says it at the moment. */
export interface Traffic {
  readonly isWriterFree: boolean
  readonly isStoreFree: boolean
  /** neither a write nor a commit is in flight, and no failed write rests */
  readonly isQuiet: boolean
}

/**
 * The call of each step, which begins when it is subscribed, and completes when it has ended: it never errors. What it carries is worked out
 * then; with nothing to do it completes at once.
 */
export type Calls = Readonly<Record<Step, Observable<never>>>

/** Where steps wait for what is in flight. */
export interface Pipe {
  /** the rules say that it is due */
  due(step: Step): void
  /** what is in flight has changed */
  look(): void
  unsubscribe(): void
}

/**
 * The rules say what is due; the pipe says when.
 *
 *     earlier ── held while a write is in flight ──────┐
 *     later ──── the newest, once all is quiet ────────┴── one write at a time
 *     commit ─── held while a commit is in flight: what comes meanwhile shares the next one
 */
export function openPipe(traffic: Traffic, calls: Calls, broken: (error: unknown) => void): Pipe {
  const due = { earlier: new Subject<Step>(), later: new Subject<Step>(), commit: new Subject<Step>() }
  const writerFree$ = new BehaviorSubject(traffic.isWriterFree)
  const storeFree$ = new BehaviorSubject(traffic.isStoreFree)
  const quiet$ = new BehaviorSubject(traffic.isQuiet)

  const onceQuiet$ = quiet$.pipe(
    first(Boolean),
    map(() => 'later' as const),
  )
  const earlier$ = due.earlier.pipe(latestWhen(writerFree$))
  const later$ = due.later.pipe(switchMap(() => onceQuiet$))
  const commit$ = due.commit.pipe(latestWhen(storeFree$))

  const writes$ = merge(earlier$, later$).pipe(concatMap((step) => calls[step]))
  const commits$ = commit$.pipe(concatMap((step) => calls[step]))
  const pipes = [writes$, commits$].map((calls$) => calls$.subscribe({ error: broken }))

  return {
    due: (step) => due[step].next(step),
    look() {
      // Each is read when it is given: what the one before has let go makes the next one false.
      give(writerFree$, traffic.isWriterFree)
      give(storeFree$, traffic.isStoreFree)
      give(quiet$, traffic.isQuiet)
    },
    unsubscribe() {
      for (const pipe of pipes) pipe.unsubscribe()
    },
  }
}

function give(signal$: BehaviorSubject<boolean>, now: boolean): void {
  if (signal$.value !== now) signal$.next(now)
}
