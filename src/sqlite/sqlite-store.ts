import {
  AsyncSubject,
  asyncScheduler,
  concat,
  concatMap,
  defer,
  EMPTY,
  ignoreElements,
  Observable,
  type ObservableInput,
  of,
  share,
  tap,
} from 'rxjs'
import { type AlarmConfig, checkConfig } from '../actor/config.ts'
import { type Alarm, openAlarm } from '../actor/open-alarm.ts'
import { closeError, lateCloseError } from '../fleet/closing/close-error.ts'
import { type Closable, closable } from '../fleet/closing/close-once.ts'
import { hostOf, pumpUntil } from '../fleet/closing/host.ts'
import { CLOSE_LIMIT, withinLimit } from '../fleet/closing/within-limit.ts'
import { fromUser } from '../operators/from-user.ts'
import type { StoredTimers } from '../timers/stored-timers.ts'
import { checkNames, type Names } from '../vocabulary/check-names.ts'
import { closedError, configError } from '../vocabulary/error-of.ts'
import type { AlarmError } from '../vocabulary/errors.ts'
import type { AlarmManager, WriteInfo } from '../vocabulary/manager.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import { BUSY_TIMEOUT } from './connect.ts'
import { limitWrites } from './limit-writes.ts'
import { orClose } from './or-close.ts'
import { own } from './owner.ts'
import { fenceHeld, tellRaised } from './raised-at-opening.ts'
import { storeAlarm } from './store-alarm.ts'
import { failureOf, isSettled, storeBarrier } from './store-barrier.ts'
import { openStoreFile, type StoreFile } from './store-file.ts'
import { type StoreSql, storeSql } from './store-sql.ts'
import { storeTimers } from './store-timers.ts'
import { storeTransaction } from './store-transaction.ts'
import { storeTurns } from './store-turn.ts'
import { type StoreValues, storeValues } from './store-values.ts'
import { wipe } from './store-wipe.ts'
import { synchronous } from './synchronous.ts'

/** Where an actor is kept, and what wakes it. */
export interface SqliteStoreOptions
  extends Pick<AlarmConfig, 'scheduler' | 'reconcile' | 'retry' | 'timeout'> {
  /** the actor's own database; made if it is not there, in a directory that is */
  readonly file: string
  /** the actor, as the manager knows it */
  readonly key: string
  readonly manager: AlarmManager
  /** Makes what the file holds durable elsewhere, where its own disk does not count. Completion means durable. */
  readonly replicate?: () => ObservableInput<unknown>
  /**
   * ms to wait for another process's lock before `ALARM_STORAGE_LOCKED`; default 5 s. The thread waits as the file is opened, and where
   * something is written or asked, as that is synchronous; what the engine commits by itself waits on the scheduler.
   */
  readonly busyTimeout?: number
}

/**
 * An actor's state and its alarm.
 *
 * What is written in one turn, that is without an await in between, is committed together, the alarm included: all of it or nothing.
 * Reading shows it at once; `alarm.holdUntilConfirmed()` keeps from the outside what is not durable.
 */
export interface ActorStore extends StoreValues, Closable {
  /** The actor's one alarm; what it is asked belongs to the turn as well. `close` closes the store. */
  readonly alarm: Alarm
  /**
   * Named timers in rows beside the state, by the thousand: the earliest is the alarm, so from the first of them on only they set it. What is asked of
   * them belongs to the turn as well.
   */
  readonly timers: StoredTimers
  /** The actor's tables. */
  readonly sql: StoreSql
  /** of this opening: raised durably at each */
  readonly epoch: number

  /**
   * Does all of `work`, or nothing if it throws; synchronous, and nests. The end of the outermost one ends the turn: the manager is written to,
   * and everything committed, before it returns, where both are synchronous. If they fail synchronously, it throws that.
   */
  transaction<T>(work: (sql: StoreSql) => T): T

  /** Drops all tables and values. The alarm and the timers stay, unless `deleteAlarm`. */
  deleteAll(options?: { deleteAlarm?: boolean }): void

  /**
   * Ends the open turn, brings through what was accepted until now, and lets go of the file; resolves when all of it is durable and with
   * the manager. With a `sqliteManager` that is so when it returns, unless the file is locked. From here on the store takes nothing (`ALARM_CLOSED`).
   *
   * Rejects with `ALARM_CLOSE_FAILED` where something was lost, or was not answered within 5 s. Called inside of a transaction, it
   * rolls that one back, and keeps what was accepted before it.
   */
  close(): Promise<void>
}

/**
 * Opens an actor's own SQLite database: tables, values by key, and the alarm in ONE transaction.
 *
 * Throws `ALARM_CONFIG_INVALID`, `ALARM_KEY_INVALID`; `ALARM_STORAGE_MISSING` on a Node before 22.16, `ALARM_STORAGE_INVALID` for a file
 * that is no database, a manager's or another actor's, `ALARM_STORAGE_NEWER`, `ALARM_STORAGE_READONLY`, `ALARM_STORAGE_LOCKED` after
 * `busyTimeout` ms, `ALARM_STORAGE_FAILED` for what else goes wrong. A file that is refused is left as it was.
 *
 * After an error of the manager or the commit the store is broken: all that is not durable is rolled back, and everything throws that
 * error. Open a new one. A file that is older than the manager (restored, or begun again) raises its epoch above the manager's fence, once an
 * opening (`epoch-raised`). A file that was removed, renamed or replaced since breaks it with the next commit (`ALARM_STORAGE_GONE`). Opening a file again takes it from the store that had it: that one gets `ALARM_FENCED` with its next write.
 *
 * Gotchas: while the manager is asked for an earlier alarm, or `replicate` is at work, the transaction stays open and what is written meanwhile
 * joins it; others find the file locked for so long, 4 s at most: then it is rolled back and the store is broken (`ALARM_LOCK_EXPIRED`), and
 * another process can take the actor over. A lock that lasts, an SQL error and a bad value throw and change nothing; but a deferred foreign
 * key that fails with the commit breaks the store. Names that begin with `_nolater_` are the store's; transaction control, ATTACH,
 * VACUUM and most PRAGMAs are refused (`ALARM_SQL_REFUSED`). A turn outside of `transaction` and of a handler ends in a microtask,
 * which a virtual clock does not run: await one.
 *
 * ```ts
 * const store = sqliteStore({ file: 'actor-42.db', key: '42', manager })
 * store.transaction((sql) => {
 *   sql.exec('CREATE TABLE IF NOT EXISTS job (name TEXT)')
 *   sql.run('INSERT INTO job VALUES (?)', 'tea')
 *   store.alarm.setIn(60_000)
 * })
 * manager.deliveries((delivery) => store.alarm.deliver(delivery, () => brew())).subscribe()
 * ```
 */
export function sqliteStore(options: SqliteStoreOptions): ActorStore {
  const { file, key, manager, busyTimeout } = checkOptions(options)
  const opened = openStoreFile(file, key, busyTimeout, fenceHeld(manager, key))
  return orClose(opened.db, file, () => storeOver(opened, options))
}

function storeOver(opened: StoreFile, options: SqliteStoreOptions): ActorStore {
  const { file: _, key, manager, replicate, busyTimeout = BUSY_TIMEOUT, ...engineOptions } = options
  const { db, epoch } = opened
  const durable$ = new AsyncSubject<never>() // completes when the epoch is
  const clock = options.scheduler ?? asyncScheduler
  const transaction = storeTransaction(opened, { scheduler: clock, busyTimeout })
  const upper = hostOf(manager)
  const limited = limitWrites(manager, clock)
  let isClosing = false
  const barrier = storeBarrier(
    transaction,
    opened.alarm,
    () => turns,
    () => engine,
  )
  const turns = storeTurns(transaction, {
    ...barrier,
    check() {
      if (isClosing) throw closedError(key)
      barrier.check()
    },
  })
  const engine = openAlarm({ ...engineOptions, key, initial: opened.alarm, epoch, raise, commit, write })
  const sql = storeSql(db, turns)

  function commit(time: AlarmTime): Observable<never> {
    const replicate$ = replicate === undefined ? EMPTY : defer(() => fromUser('replicate', replicate))
    const commit$ = concat(transaction.commit(time), replicate$)
    return barrier.cover(commit$).pipe(tap({ complete: () => durable$.complete() }))
  }

  function write(time: AlarmTime, info: WriteInfo): Observable<never> {
    const call = () => manager.write(key, time, info)
    const tell$ = defer(() => fromUser('write', options.timeout === undefined ? () => limited(call) : call))
    return barrier.hold(replicate === undefined ? tell$ : concat(durable$, tell$))
  }

  function raise(least: number): Observable<number> {
    const epoch$ = transaction.raise(least)
    return replicate === undefined
      ? epoch$
      : epoch$.pipe(
          concatMap((epoch) => concat(fromUser('replicate', replicate).pipe(ignoreElements()), of(epoch))),
        )
  }

  const drain = (): Observable<never> =>
    new Observable<never>((subscriber) => {
      if (failureOf(engine) !== null) return subscriber.complete()
      const failed = (error: unknown): void => subscriber.error(closeError([key], error))
      try {
        turns.end()
        transaction.hurry()
      } catch (error) {
        return failed(error)
      }
      subscriber.add(engine.drained().subscribe({ error: failed, complete: () => subscriber.complete() }))
      pumpUntil(upper, () => subscriber.closed)
      return undefined
    }).pipe(withinLimit(clock, late))
  const flush$ = defer(drain).pipe(share()) // its own close, and that of its manager: one end for both
  const flush = (): Observable<never> => flush$

  function late(): AlarmError {
    const isWriting = transaction.isOpen || isSettled(engine)
    const what = isWriting ? 'the manager to take the alarm' : 'replicate to complete for the alarm'
    return lateCloseError(CLOSE_LIMIT, new Map([[key, what]]))
  }

  /** What was accepted is kept where that can be done now; what is not durable then is lost to the store that takes the file. */
  function giveWay(): void {
    flush().subscribe().unsubscribe()
    transaction.giveWay()
    if (transaction.failure !== null) barrier.fail(transaction.failure)
  }

  function end(): void {
    disown()
    upper?.guests.delete(flush)
    engine.close()
    barrier.fail(failureOf(engine))
    if (db.isOpen) db.close()
  }

  const closing = closable(() => {
    isClosing = true
    return flush()
  }, end)
  const { close } = closing
  const disown = own(db, giveWay)
  upper?.guests.add(flush)
  tellRaised(engine, opened)

  // What the last incarnation may have committed here only is not durable either.
  try {
    if (replicate !== undefined) engine.touch()
  } catch (error) {
    end()
    throw error
  }

  const alarm = storeAlarm(engine, turns, barrier, options.scheduler, () => void close())
  const timers = storeTimers({ db, key, turns, alarm, scheduler: clock })

  return {
    ...storeValues(db, turns),
    alarm,
    timers,
    sql,
    epoch,
    transaction: (work) =>
      turns.transaction(() => {
        const result = synchronous(work(sql))
        if (isClosing) throw closedError(key) // by its own work: what came before it stays
        return result
      }),
    deleteAll: (what) => {
      checkNames('deleteAll', what, { deleteAlarm: true })
      turns.join(() => {
        wipe(db)
        turns.touch()
        if (what?.deleteAlarm !== true) return
        timers.deleteAll()
        turns.ask(null)
      })
    },
    ...closing,
  }
}

/** Refuses what cannot work before the file is touched. */
function checkOptions(options: SqliteStoreOptions): SqliteStoreOptions {
  const { key, manager, replicate } = options ?? {}
  if (typeof key !== 'string') throw configError('key', 'a string, the actor as the manager knows it', key)
  if (typeof manager?.write !== 'function') throw configError('manager', 'an AlarmManager', manager)
  if (replicate !== undefined && typeof replicate !== 'function') {
    throw configError(
      'replicate',
      'a function that returns an Observable, a promise or an iterable',
      replicate,
    )
  }
  checkConfig({ ...options, commit: () => EMPTY, write: () => EMPTY })
  checkNames('sqliteStore', options, names)
  return options
}

const names: Names<SqliteStoreOptions> = {
  file: true,
  key: true,
  manager: true,
  replicate: true,
  busyTimeout: true,
  scheduler: true,
  reconcile: true,
  retry: true,
  timeout: true,
}
