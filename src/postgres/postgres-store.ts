import type { ClientBase } from 'pg'
import {
  asyncScheduler,
  concatMap,
  defer,
  EMPTY,
  finalize,
  Observable,
  of,
  type SchedulerLike,
  share,
  timer,
} from 'rxjs'
import { type AlarmConfig, checkConfig } from '../actor/config.ts'
import { type Alarm, openAlarm } from '../actor/open-alarm.ts'
import { withinTime } from '../actor/within-time.ts'
import { asRun, currentRun } from '../changes/handler-run.ts'
import { closeError, lateCloseError } from '../fleet/closing/close-error.ts'
import { type Closable, closable } from '../fleet/closing/close-once.ts'
import { hostOf } from '../fleet/closing/host.ts'
import { CLOSE_LIMIT, withinLimit } from '../fleet/closing/within-limit.ts'
import { cronReader } from '../timers/series/cron-reader.ts'
import { loadCroner } from '../timers/series/load-croner.ts'
import { timesBy } from '../timers/series/series-times.ts'
import { type Awaitable, awaitable } from '../vocabulary/awaitable.ts'
import { checkConfirmation, checkNames, type Names } from '../vocabulary/check-names.ts'
import { closedError, configError } from '../vocabulary/error-of.ts'
import type { AlarmError } from '../vocabulary/errors.ts'
import { checkManagerHasNone, inUse } from '../vocabulary/in-use.ts'
import type { AlarmManager } from '../vocabulary/manager.ts'
import { readsTimes, type TimeCheck, timeCheckOf } from '../vocabulary/real-time.ts'
import { timeIn } from '../vocabulary/time-in.ts'
import { openActorRow } from './actor-row.ts'
import { type Database, type DatabaseOptions, databaseNames, openDatabase } from './database.ts'
import { forgetActor } from './forget-actor.ts'
import { lenderOf } from './lent-connections.ts'
import { postgresError } from './postgres-error.ts'
import { databaseOf } from './shared-database.ts'
import { type PostgresTimers, storeTimers } from './store-timers.ts'
import { storeTurns, type Turns } from './store-turns.ts'
import { timerTable } from './timer-table.ts'
import { holdUntilNotified } from './turn-gate.ts'
import { notForItself } from './wait-for-itself.ts'

/** Which actor it is, and what wakes it. */
export interface PostgresStoreOptions
  extends Pick<AlarmConfig, 'scheduler' | 'reconcile' | 'retry'>,
    DatabaseOptions {
  /** the actor, as the manager knows it */
  readonly key: string
  /** a `postgresManager` lends its database, where none is given */
  readonly manager: AlarmManager
}

/** An actor's alarm in a row of the database that holds its state. */
export interface PostgresStore extends Closable {
  /** The actor's one alarm. Inside of `commitWith` what it is asked belongs to that transaction. `close` closes the store. */
  readonly alarm: Alarm
  /**
   * Named timers in rows beside the state, by the thousand: the earliest is the alarm, so from the first of them on only they set it.
   */
  readonly timers: PostgresTimers
  /** of this opening: raised durably at each */
  readonly epoch: number

  /**
   * Runs your statements and commits them together with the alarm that they ask for (`alarm.set`, `alarm.delete`), or nothing of either;
   * resolves with what `work` returns when that is durable. The manager has an earlier alarm before. One at a time for a store.
   *
   * A handler may call it: `alarm.delete()` inside then commits the end of the alarm with your change; without it the alarm ends with the
   * handler, a commit later. What a handler has open is rolled back when its delivery fails, is unsubscribed or outlasts its lease.
   *
   * Rejects with the error of `work` or of a statement, and nothing has changed (`ALARM_STORAGE_UNREACHABLE` where the connection broke, or
   * there was none within `timeout`; `ALARM_STORAGE_LOCKED` where a lock was not granted in that time); with `ALARM_CLOSED` where it was
   * cut; or with what broke the alarm (`ALARM_FENCED`, `ALARM_PRECOMMIT_FAILED`, `ALARM_COMMIT_FAILED`), then open the store again.
   * BEGIN, COMMIT and ROLLBACK are the store's (`ALARM_TRANSACTION_INVALID`).
   *
   * Gotchas: the transaction stays open while the manager is written to, and, outside of a handler, as long as `work` takes. All stores of a pool
   * share its connections but two; what comes when they are taken waits, so do not wait inside for another actor's transaction. `confirmed` and
   * `drained` come after the transaction that is open: awaited inside they fail after `timeout` (`ALARM_TRANSACTION_INVALID`).
   */
  commitWith<T>(work: (client: ClientBase) => T | PromiseLike<T>): Promise<T>

  /**
   * Deletes the row of the actor, which is gone for good, and closes the store; your own tables are yours to clean. Resolves when that is
   * durable. Opened again, the key is a new actor, whose fences are above all of before.
   *
   * Rejects with `ALARM_IN_USE`, and nothing has changed, where an alarm stands in the store, or in a manager that has `get`, or where something
   * of the actor is left to do: a handler, a `commitWith`, a commit or a manager write; with `ALARM_FENCED` where it was opened again since; with
   * what broke the alarm. What is left of an incarnation of before stays fenced.
   * Gotcha: what is asked of the alarm while it is being deleted is refused (`ALARM_CLOSED`).
   */
  forget(): Promise<void>

  /**
   * Brings through what was accepted until now, and resolves when all of it is durable and with the manager. A `commitWith` that has not
   * returned is cut at once and rolled back, also in the middle of its function or of a statement (`ALARM_CLOSED`). From here on the store takes nothing.
   *
   * Rejects with `ALARM_CLOSE_FAILED` where something was lost, or was not answered within 5 s.
   */
  close(): Promise<void>
}

/**
 * Opens an actor whose state is in PostgreSQL: your own tables, and its alarm, in ONE transaction.
 *
 * Opening an actor again takes it from the store that had it, in any process: that one gets `ALARM_FENCED` with its next commit, and
 * nothing of that stays. Rejects with `ALARM_CONFIG_INVALID`, `ALARM_KEY_INVALID`, and what is wrong with the server (see `postgresManager`).
 *
 * ```ts
 * const store = await postgresStore({ key: '42', manager })
 * await store.commitWith(async (client) => {
 *   await client.query('INSERT INTO job (name) VALUES ($1)', ['tea'])
 *   store.alarm.setIn(60_000)
 * })
 * manager.deliveries((delivery) => store.alarm.deliver(delivery, () => brew())).subscribe()
 * ```
 */
export async function postgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const { key, manager } = checkOptions(options)
  const { db, isOwn } = database(options)
  const row = await openActorRow(db, key).catch(async (error) => {
    if (isOwn) await db.close()
    throw error
  })
  const { scheduler, reconcile, retry } = options
  const clock = scheduler ?? asyncScheduler
  const hasLimit = databaseOf(manager) !== undefined // one of its own
  const lender = lenderOf(db, clock)
  const turns = storeTurns(lender, row, () => engine)
  const engine = openAlarm({
    key,
    initial: row.alarm,
    epoch: row.epoch,
    commit: (time) =>
      turns.commit(time).catch((error) => {
        throw postgresError(error, db.name)
      }),
    write: (time, info) => {
      const written = manager.write(key, time, info)
      return hasLimit ? written : withinTime({ timeout: db.timeout, scheduler: clock }, 'write', written)
    },
    raise: (least) => row.raise(least),
    ...(scheduler !== undefined && { scheduler }),
    ...(reconcile !== undefined && { reconcile }),
    ...(retry !== undefined && { retry }),
  })

  let isClosing = false
  let isForgetting = false
  const handlers = { running: 0 }
  const place = `the schema ${db.schema}`
  const upper = hostOf(manager)
  const drain = (): Observable<never> =>
    new Observable<never>((subscriber) => {
      if (isBroken(engine)) return subscriber.complete()
      return engine.drained().subscribe({
        error: (error) => subscriber.error(closeError([key], error)),
        complete: () => subscriber.complete(),
      })
    }).pipe(withinLimit(clock, late))
  const flush$ = defer(drain).pipe(share()) // its own close, and that of its manager: one end for both

  function late(): AlarmError {
    return lateCloseError(CLOSE_LIMIT, new Map([[key, 'the database and the manager to take the alarm']]))
  }

  async function end(): Promise<void> {
    upper?.guests.delete(flush)
    await turns.close()
    if (isOwn) await db.close()
  }

  const closing = closable(() => {
    isClosing = true
    turns.cut(closedError(key))
    return flush$
  }, end)
  const flush = (): Observable<never> => flush$
  upper?.guests.add(flush)

  function check(): void {
    if (isClosing || isForgetting) throw closedError(key)
  }

  /** Throws what keeps the actor from being forgotten. */
  function checkIdle(): void {
    check()
    void engine.time // throws what broke it
    if (handlers.running > 0 || turns.notified < turns.asked || !isDrained(engine))
      throw inUse(key, place, 'it has something left to do')
  }

  async function forget(): Promise<void> {
    checkIdle()
    await checkManagerHasNone(manager, key, place)
    checkIdle()
    isForgetting = true // what would be asked from here on could not be committed
    try {
      await forgetActor(lender, row)
    } catch (error) {
      isForgetting = false
      throw error
    }
    await closing.close()
  }

  const alarm = storeAlarm(
    engine,
    turns,
    handlers,
    timer(db.timeout, clock),
    scheduler,
    check,
    () => void closing.close(),
  )
  const timers = storeTimers({
    table: timerTable(db, key),
    turns,
    alarm,
    timesOf: timesBy(cronReader(loadCroner)),
    scheduler: clock,
  })
  // What set the alarm last may have known no timers, or a backup of another hour was put in place.
  if (row.due !== undefined && row.due !== row.alarm) {
    if (row.due === null) engine.delete()
    else engine.set(row.due)
  }

  return {
    alarm,
    timers,
    epoch: row.epoch,
    commitWith: (work) => turns.run(work),
    forget,
    ...closing,
  }
}

/** The engine's alarm; inside a transaction, what it is asked waits for the success of the statements. */
function storeAlarm(
  engine: Alarm,
  turns: Turns,
  handlers: { running: number },
  patience$: Observable<unknown>,
  scheduler: SchedulerLike | undefined,
  check: () => void,
  close: () => void,
): Alarm & { readonly [readsTimes]: TimeCheck } {
  const checkTime = timeCheckOf(scheduler)
  const afterTurns = (ask: () => Observable<void>): Awaitable<void> =>
    awaitable(
      defer(() =>
        of(null).pipe(holdUntilNotified(turns), notForItself(turns.inside(), patience$), concatMap(ask)),
      ),
    )
  function set(ms: number, options?: { allowUnconfirmed?: boolean }): void {
    check()
    checkConfirmation(options)
    if (turns.current !== null) turns.current.alarm = ms
    else engine.set(ms, options)
  }
  return {
    get time() {
      check()
      const asked = turns.current?.alarm
      return asked === undefined ? engine.time : asked
    },
    get events$() {
      return engine.events$
    },
    set: (time, options) => set(checkTime(time), options),
    setIn: (ms, options) => set(timeIn(ms, (scheduler ?? asyncScheduler).now()), options),
    [readsTimes]: checkTime,
    delete(options) {
      check()
      checkConfirmation(options)
      if (turns.current !== null) turns.current.alarm = null
      else engine.delete(options)
    },
    touch(options) {
      check()
      engine.touch(options)
    },
    confirmed: () => afterTurns(() => engine.confirmed()),
    drained: () => afterTurns(() => engine.drained()),
    holdUntilConfirmed: () => (source) => source.pipe(holdUntilNotified(turns), engine.holdUntilConfirmed()),
    deliver: (wakeup, handler) =>
      awaitable(
        defer(() => {
          const run = currentRun()
          const isHandler = typeof handler === 'function'
          handlers.running++
          return engine
            .deliver(wakeup, isHandler ? (info) => asRun('The handler', run, () => handler(info)) : handler)
            .pipe(finalize(() => handlers.running--))
        }),
      ),
    abandon: (scheduledTime, delivered) => engine.abandon(scheduledTime, delivered),
    close,
  }
}

/** Nothing is in flight, held or to be done. */
function isDrained(engine: Alarm): boolean {
  let isIt = false
  engine
    .drained()
    .subscribe({ complete: () => (isIt = true), error: () => {} })
    .unsubscribe()
  return isIt
}

function isBroken(engine: Alarm): boolean {
  try {
    void engine.time
    return false
  } catch {
    return true
  }
}

function database(options: PostgresStoreOptions): { db: Database; isOwn: boolean } {
  const { connectionString, pool, manager, schema } = options
  const lent = connectionString === undefined && pool === undefined ? databaseOf(manager) : undefined
  if (lent === undefined) return { db: openDatabase(options), isOwn: true }
  if (schema !== undefined && schema !== lent.name) {
    throw configError('schema', 'that of the manager, or come with a connectionString or a pool', schema)
  }
  return { db: lent, isOwn: false }
}

/** Refuses what cannot work before the database is touched. */
function checkOptions(options: PostgresStoreOptions): PostgresStoreOptions {
  const { key, manager } = options ?? {}
  if (typeof key !== 'string') throw configError('key', 'a string, the actor as the manager knows it', key)
  if (typeof manager?.write !== 'function') throw configError('manager', 'an AlarmManager', manager)
  checkConfig({ ...options, commit: () => EMPTY, write: () => EMPTY })
  checkNames('postgresStore', options, names)
  return options
}

const names: Names<PostgresStoreOptions> = {
  ...databaseNames,
  key: true,
  manager: true,
  scheduler: true,
  reconcile: true,
  retry: true,
}
