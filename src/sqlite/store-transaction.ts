import { Observable, type Subscription } from 'rxjs'
import { AlarmError } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import { type Locked, type Patience, stepLine } from './step-line.ts'
import { storageError } from './storage-error.ts'
import type { StoreFile } from './store-file.ts'
import { begin as beginOn } from './transaction.ts'

/** ms for which a file stays locked while its manager, or `replicate`, does not answer: less than another opening waits for it */
const LOCK_LIMIT = 4_000

/** The one SQLite transaction in which a store's changes wait for their commit. */
export interface StoreTransaction {
  readonly isOpen: boolean
  /** there is something in it that only a commit makes durable */
  readonly isDirty: boolean
  /** why there will be no other */
  readonly failure: unknown
  /**
   * Opens it unless it is open; the thread waits for the lock. What waits for that lock already is done first, in a transaction of its own.
   * Fails with `ALARM_FENCED` when the file has been opened again since.
   */
  begin(): void
  /** Says that something is in it. */
  markDirty(): void
  /** Does all of `work` in it, or nothing. */
  nest<T>(work: () => T): T
  /** Makes all of it durable, with the alarm that goes with it. Where none is open, the lock is waited for on the scheduler. */
  commit(alarm: AlarmTime): Observable<never>
  rollback(): void
  /**
   * Raises the epoch of the fences durably to `least`, and emits it; waits for the lock as `commit` does. Fails with `ALARM_FENCED` when the
   * file has been opened again since; and where something is in the open transaction, which is rolled back.
   */
  raise(least: number): Observable<number>
  /** Tries now what waits for the lock. */
  hurry(): void
  /** Where it is open from here on for longer than `LOCK_LIMIT`, `over` is called with what to break the alarm with. */
  limit(over: (error: AlarmError) => void): void
  /** Rolls back for good: from here on everything throws `error`. */
  fail(error: unknown): void
  /** Another store of this process takes the file: what would begin from here on fails with `ALARM_FENCED`, and waits for no lock. */
  giveWay(): void
  /** Throws `ALARM_FENCED` where it has, or what else ended it; changes nothing else. */
  checkOwner(): void
}

/** Work that takes the lock by itself. */
interface LockStep {
  readonly isOver: boolean
  run(): void
  failed(error: unknown): void
}

export function storeTransaction(
  { db, path, whileThere, key, epoch, alarm }: StoreFile,
  patience: Patience,
): StoreTransaction {
  const line = stepLine(patience, perform)
  const finish = db.prepare('COMMIT')
  const undo = db.prepare('ROLLBACK')
  const mark = db.prepare('SAVEPOINT _nolater_mark') // of the nested ones of this name, the innermost is meant
  const unmark = db.prepare('RELEASE _nolater_mark')
  const undoToMark = db.prepare('ROLLBACK TO _nolater_mark')
  const epochNow = db.prepare('SELECT epoch FROM _nolater_actor')
  const setAlarm = db.prepare('UPDATE _nolater_actor SET alarm = ?, raised = ?')
  let stored = alarm
  let raised = 0
  let storedRaised = 0
  let isOpen = false
  let isDirty = false
  let hasGivenWay = false
  let failure: unknown = null
  let limit: Subscription | null = null

  function begin(): void {
    if (failure !== null) throw failure
    if (isOpen) return
    take()
    if (line.flush()) take()
  }

  /** Takes the lock unless it is ours. Where it must be had at once and is not, returns what refused it. */
  function take(atOnce?: Patience): AlarmError | null {
    if (failure !== null) throw failure
    if (isOpen) return null
    checkOwner()
    const refusal = beginOn(db, path, atOnce)
    if (refusal !== null) return refusal
    isOpen = true
    isDirty = false
    // The write lock is ours from here on: no other process can raise the epoch before the commit.
    const newest = newestEpoch()
    if (newest === epoch) return null
    fail(fenced(newest))
    throw failure
  }

  function perform(steps: readonly LockStep[], locked?: Locked<LockStep>): void {
    const left: LockStep[] = []
    let refusal: AlarmError | null = null
    for (const step of steps) {
      if (step.isOver) continue
      try {
        refusal ??= take(locked && patience)
        if (refusal === null) step.run()
        else left.push(step)
      } catch (error) {
        step.failed(error)
      }
    }
    if (refusal !== null) locked?.(refusal, left)
  }

  function whenFree<T>(work: () => T, emits: boolean): Observable<T> {
    return new Observable((subscriber) => {
      line.add({
        get isOver() {
          return subscriber.closed
        },
        run() {
          const result = work()
          if (emits) subscriber.next(result)
          subscriber.complete()
        },
        failed: (error) => subscriber.error(error),
      })
      line.attempt()
    })
  }

  function checkOwner(): void {
    if (hasGivenWay) fail(fenced(newestEpoch()))
    if (failure !== null) throw failure
  }

  const newestEpoch = (): number => (epochNow.get() as { epoch: number }).epoch

  function fenced(newest: number): AlarmError {
    return new AlarmError(
      'ALARM_FENCED',
      `The database ${given(path)} of ${given(key)} was opened again: it has epoch ${newest}, this store has ${epoch}. Another ` +
        'incarnation owns this actor. Stop this one, or open it again.',
      { counted: false },
    )
  }

  function nest<T>(work: () => T): T {
    const wasDirty = isDirty
    mark.run()
    try {
      const result = work()
      unmark.run()
      return result
    } catch (error) {
      if (failure !== null) throw failure
      if (!db.isTransaction) fail(undone(error)) // by ON CONFLICT ROLLBACK, or a full disk
      if (failure !== null) throw failure
      undoToMark.run()
      unmark.run()
      isDirty = wasDirty
      throw error
    }
  }

  function undone(cause: unknown): AlarmError {
    const { message, passes } = storageError(cause, path)
    const why =
      passes === true
        ? 'SQLite has rolled everything back'
        : 'A statement has rolled back more than itself (never use ON CONFLICT ROLLBACK)'
    return new AlarmError(
      'ALARM_STORAGE_FAILED',
      `${why}, so nothing of this turn is kept. Open the store again. ${message}`,
      { cause, counted: false, passes: passes === true },
    )
  }

  function commit(time: AlarmTime): void {
    try {
      if (time !== stored || raised !== storedRaised) setAlarm.run(time, raised)
      whileThere(() => finish.run())
    } catch (error) {
      throw storageError(error, path)
    }
    stored = time
    storedRaised = raised
    ended()
  }

  function ended(): void {
    isOpen = false
    limit?.unsubscribe()
    limit = null
  }

  function rollback(): void {
    if (db.isTransaction) undo.run()
    ended()
    isDirty = false
  }

  /**
   * Before anything is written under it: the next opening must be above it, also when this process has died. So it cannot wait for the
   * commit of what is open, and that cannot be committed before the manager has its alarm.
   */
  function raise(least: number): number {
    const isLost = isDirty
    if (isLost) {
      rollback()
      take()
    }
    raised = least
    commit(stored)
    if (isLost) throw behind(least)
    return least
  }

  function behind(least: number): AlarmError {
    return new AlarmError(
      'ALARM_FENCED',
      `The database ${given(path)} of ${given(key)} is older than the manager (restored from a backup, or begun again), or has used up the fences of ` +
        `its epoch. That was raised to ${least} while a transaction was open, which was rolled back for it. Open it again.`,
      { counted: false },
    )
  }

  function unanswered(): AlarmError {
    return new AlarmError(
      'ALARM_LOCK_EXPIRED',
      `The database ${given(path)} of ${given(key)} was locked for ${LOCK_LIMIT} ms while its manager, or replicate, did not answer. All that is ` +
        'not durable was rolled back, so that another process can take the actor over. See why they do not answer, then open it again.',
      { counted: false },
    )
  }

  function fail(error: unknown): void {
    if (failure !== null) return
    failure = error
    rollback()
  }

  return {
    get isOpen() {
      return isOpen
    },
    get isDirty() {
      return isDirty
    },
    get failure() {
      return failure
    },
    markDirty() {
      isDirty = true
    },
    begin,
    nest,
    commit: (time) => whenFree<never>(() => commit(time) as never, false),
    rollback,
    raise: (least) => whenFree(() => raise(least), true),
    hurry: line.attempt,
    limit(over) {
      if (!isOpen || limit !== null) return
      limit = patience.scheduler.schedule(() => over(unanswered()), LOCK_LIMIT)
    },
    fail,
    checkOwner,
    giveWay() {
      hasGivenWay = true
      if (isOpen) fail(fenced(epoch + 1)) // the next one to be given
    },
  }
}
