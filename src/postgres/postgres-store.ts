import type { ClientBase } from 'pg'
import { asyncScheduler, concatMap, defer, EMPTY, type Observable, of, type SchedulerLike, timer } from 'rxjs'
import { type AlarmConfig, checkConfig } from '../config.ts'
import { AlarmConfigError } from '../errors.ts'
import type { AlarmManager } from '../manager.ts'
import { type Alarm, openAlarm } from '../open-alarm.ts'
import { readsTimes, type TimeCheck, timeCheckOf } from '../real-time.ts'
import { timeIn } from '../time-in.ts'
import { openActorRow } from './actor-row.ts'
import { type Database, type DatabaseOptions, openDatabase } from './database.ts'
import { asRun, currentRun } from './handler-run.ts'
import { lenderOf } from './lent-connections.ts'
import { postgresError } from './postgres-error.ts'
import { databaseOf } from './shared-database.ts'
import { storeTurns, type Turns } from './store-turns.ts'
import { holdUntilTold } from './turn-gate.ts'
import { notForItself } from './wait-for-itself.ts'

/** Which actor it is, and who wakes it. */
export interface PostgresStoreOptions
  extends Pick<AlarmConfig, 'scheduler' | 'reconcile' | 'retry'>,
    DatabaseOptions {
  /** the actor, as the manager knows it */
  readonly key: string
  /** a `postgresManager` lends its database, where none is given */
  readonly manager: AlarmManager
}

/** An actor's alarm in a row of the database that holds its state. */
export interface PostgresStore {
  /** The actor's one alarm. Inside of `commitWith` what it is asked belongs to that transaction. `close` closes the store. */
  readonly alarm: Alarm
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
   * Gotchas: the transaction stays open while the manager is told, and, outside of a handler, as long as `work` takes. All stores of a pool
   * share its connections but two; what comes when they are taken waits, so do not wait inside for another actor's transaction. `confirmed` and
   * `drained` come after the transaction that is open: awaited inside they fail after `timeout` (`ALARM_TRANSACTION_INVALID`).
   */
  commitWith<T>(work: (client: ClientBase) => T | PromiseLike<T>): Promise<T>

  /**
   * Closes the alarm, and rolls back at once what is not committed, whatever its function or the server is at. What waits gets `ALARM_CLOSED`.
   *
   * Gotcha: the manager is told of later alarms and of deletions in the background. Closed before that, it wakes the actor once for nothing:
   * await `alarm.drained()` first where that matters.
   */
  close(): Promise<void>
}

/**
 * Opens an actor whose state is in PostgreSQL: your own tables, and its alarm, in ONE transaction.
 *
 * Opening an actor again takes it from the store that had it, in whatever process: that one gets `ALARM_FENCED` with its next commit, and
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
  const turns = storeTurns(lenderOf(db, clock), row, () => engine)
  const engine = openAlarm({
    key,
    initial: row.alarm,
    epoch: row.epoch,
    commit: (time) =>
      turns.commit(time).catch((error) => {
        throw postgresError(error, db.name)
      }),
    write: (time, info) => manager.write(key, time, info),
    ...(scheduler !== undefined && { scheduler }),
    ...(reconcile !== undefined && { reconcile }),
    ...(retry !== undefined && { retry }),
  })

  let closing: Promise<void> | null = null
  async function end(): Promise<void> {
    await turns.close()
    if (isOwn) await db.close()
  }
  function close(): Promise<void> {
    closing ??= end()
    return closing
  }

  return {
    alarm: storeAlarm(engine, turns, timer(db.timeout, clock), scheduler, close),
    epoch: row.epoch,
    commitWith: (work) => turns.run(work),
    close,
  }
}

/** The engine's alarm; inside a transaction, what it is asked waits for the success of the statements. */
function storeAlarm(
  engine: Alarm,
  turns: Turns,
  patience$: Observable<unknown>,
  scheduler: SchedulerLike | undefined,
  close: () => Promise<void>,
): Alarm & { readonly [readsTimes]: TimeCheck } {
  const checkTime = timeCheckOf(scheduler)
  const afterTurns = <T>(ask: () => Observable<T>): Observable<T> =>
    defer(() => of(null).pipe(holdUntilTold(turns), notForItself(turns.inside(), patience$), concatMap(ask)))
  function set(ms: number, options?: { allowUnconfirmed?: boolean }): void {
    if (turns.current !== null) turns.current.alarm = ms
    else engine.set(ms, options)
  }
  return {
    get time() {
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
      if (turns.current !== null) turns.current.alarm = null
      else engine.delete(options)
    },
    touch: (options) => engine.touch(options),
    confirmed: () => afterTurns(() => engine.confirmed()),
    drained: () => afterTurns(() => engine.drained()),
    holdUntilConfirmed: () => (source) => source.pipe(holdUntilTold(turns), engine.holdUntilConfirmed()),
    deliver: (wakeup, handler) =>
      defer(() => {
        const run = currentRun()
        const isHandler = typeof handler === 'function'
        return engine.deliver(
          wakeup,
          isHandler ? (info) => asRun('The handler', run, () => handler(info)) : handler,
        )
      }),
    abandon: (scheduledTime) => engine.abandon(scheduledTime),
    close: () => void close(),
  }
}

function database(options: PostgresStoreOptions): { db: Database; isOwn: boolean } {
  const { connectionString, pool, manager, schema } = options
  const lent = connectionString === undefined && pool === undefined ? databaseOf(manager) : undefined
  if (lent === undefined) return { db: openDatabase(options), isOwn: true }
  if (schema !== undefined && schema !== lent.name) {
    throw new AlarmConfigError(
      'schema',
      'that of the manager, or come with a connectionString or a pool',
      schema,
    )
  }
  return { db: lent, isOwn: false }
}

/** Refuses what cannot work before the database is touched. */
function checkOptions(options: PostgresStoreOptions): PostgresStoreOptions {
  const { key, manager } = options ?? {}
  if (typeof key !== 'string')
    throw new AlarmConfigError('key', 'a string, the actor as the manager knows it', key)
  if (typeof manager?.write !== 'function') throw new AlarmConfigError('manager', 'an AlarmManager', manager)
  checkConfig({ ...options, commit: () => EMPTY, write: () => EMPTY })
  return options
}
