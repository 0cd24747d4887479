import { finalize, Observable, Subject } from 'rxjs'
import type { Keeper } from '../actor/keeper.ts'
import type { Alarm } from '../actor/open-alarm.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import type { StoreTransaction } from './store-transaction.ts'
import type { Turn, TurnEnd, Turns } from './store-turn.ts'

/**
 * What stands between a store's turns and the engine, which is called only while no turn is open, be it an intent, an
 * acknowledgement, or the end of a handler.
 *
 * So whenever the engine asks for a commit, it knows the alarm that belongs to all that the transaction holds.
 */
export interface Barrier extends TurnEnd {
  /** Tells the engine something, at once or at the end of the open turn. */
  between(tell: () => void): void
  /** Lets a call of the user's complete or fail only between turns. */
  hold(call: Observable<unknown>): Observable<never>
  /** The same for the call that completes a commit. */
  cover(commit: Observable<unknown>): Observable<never>
  /** Ends the turn of a handler, and tells the engine how it ended. */
  finish(tell: () => void): void
  /** Likewise where the engine, if the handler asked for no alarm, commits the deletion of the one that ran. */
  succeed(tell: () => void): void
  /** The engine has deleted the alarm by itself. */
  forget(): void
}

/** `turns` and `engine` are asked for when there is something to tell. */
export function storeBarrier(
  transaction: StoreTransaction,
  stored: AlarmTime,
  turns: () => Turns,
  engine: () => Alarm,
): Barrier {
  const broken$ = new Subject<never>()
  const waiting: (() => void)[] = []
  let desired = stored // as the engine knows it
  let left: Turn | null = null // a handler's, whose data goes with the deletion of its alarm

  function submit(turn: Turn): void {
    const { alarm, isConfirmed } = turn
    const options = { allowUnconfirmed: !isConfirmed }
    try {
      if (alarm !== undefined) desired = alarm
      if (alarm === null) engine().delete(options)
      else if (alarm !== undefined) engine().set(alarm, options)
      // Where the alarm stays, or comes back to what it was before it is committed, the rest must be committed nevertheless.
      if (transaction.isOpen && transaction.isDirty) engine().touch(options)
    } finally {
      tell(turn)
      drain()
      transaction.limit(fail) // the manager, or replicate, is asked with the file locked
    }
  }

  function tell(turn: Turn): void {
    turn.isNotified = true
    for (const notify of turn.notified) notify()
  }

  function between(tellEngine: () => void): void {
    waiting.push(tellEngine)
    if (waiting.length === 1) drain()
  }

  function drain(): void {
    while (turns().current === null && waiting.length > 0) waiting.shift()?.()
    tidy()
  }

  /** What is broken is rolled back, and the file must not stay locked where there is nothing to commit after all. */
  function tidy(): void {
    if (!transaction.isOpen || turns().current !== null) return
    const failure = failureOf(engine())
    if (failure !== null) fail(failure)
    else if (!transaction.isDirty && isSettled(engine())) transaction.rollback()
  }

  function hold(call: Observable<unknown>): Observable<never> {
    return new Observable((subscriber) => {
      subscriber.add(broken$.subscribe({ error: (error) => subscriber.error(error) }))
      if (subscriber.closed) return
      subscriber.add(
        call.subscribe({
          error: (error) => between(() => subscriber.error(error)),
          complete: () => between(() => subscriber.complete()),
        }),
      )
    })
  }

  function cover(commit: Observable<unknown>): Observable<never> {
    const covered = left
    left = null
    return covered === null ? hold(commit) : hold(commit).pipe(finalize(() => tell(covered)))
  }

  function finish(tellEngine: () => void): void {
    try {
      turns().end()
    } catch {} // the delivery fails with the same error
    between(tellEngine)
  }

  function succeed(tellEngine: () => void): void {
    if (goesWithDeletion()) left = turns().take()
    finish(() => {
      if (isDeletionDeferred()) desired = null
      tellEngine()
    })
  }

  /** The engine has nothing else in hand, and will commit the deletion at once: the data need no commit of their own before it. */
  function goesWithDeletion(): boolean {
    const { current, isInTransaction } = turns()
    if (current === null || current.alarm !== undefined || isInTransaction || waiting.length > 0) return false
    return isDeletionDeferred() && isSettled(engine())
  }

  /** The engine reads none although one is set: a handler runs, and has asked for nothing so far. */
  function isDeletionDeferred(): boolean {
    return desired !== null && failureOf(engine()) === null && engine().time === null
  }

  function fail(error: unknown): void {
    transaction.fail(error)
    const untold = [left, turns().take()]
    left = null
    broken$.error(error)
    if (failureOf(engine()) === null) {
      try {
        engine().touch() // where no commit was in flight, one is what breaks the engine
      } catch {} // thrown by what it was called of
    }
    for (const turn of untold) if (turn !== null) tell(turn)
    drain()
  }

  return {
    check() {
      if (transaction.failure !== null) throw transaction.failure
      void engine().time
    },
    submit,
    between,
    hold,
    cover,
    finish,
    succeed,
    forget() {
      desired = null
    },
    fail,
  }
}

/** What broke an alarm of `openAlarm`, `null` if nothing did. Read past `time`, which throws it and so brings it to a caller. */
export function failureOf(alarm: Alarm): unknown {
  return (alarm as unknown as Pick<Keeper, 'failure'>).failure
}

/** Whether all that was asked is durable. */
export function isSettled(alarm: Alarm): boolean {
  let isSettled = false
  const look = alarm.confirmed().subscribe({
    error() {},
    complete() {
      isSettled = true
    },
  })
  look.unsubscribe()
  return isSettled
}
