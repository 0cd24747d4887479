import type { ClientBase, Pool } from 'pg'
import { concatMap, EMPTY, type Observable, of } from 'rxjs'
import { type AlarmConfig, checkConfig } from '../config.ts'
import { AlarmConfigError } from '../errors.ts'
import type { AlarmManager } from '../manager.ts'
import { type Alarm, openAlarm } from '../open-alarm.ts'
import { checkTime } from '../time.ts'
import { openActorRow } from './actor-row.ts'
import { type Database, type DatabaseOptions, openDatabase } from './database.ts'
import { postgresError } from './postgres-error.ts'
import { databaseOf } from './shared-database.ts'
import { type Lender, type Lent, storeTurns, type Turns } from './store-turns.ts'
import { standInLine } from './transaction-line.ts'
import { holdUntilTold } from './turn-gate.ts'

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
   * Rejects with the error of `work` or of a statement, and nothing has changed (`ALARM_STORAGE_UNREACHABLE` where the connection broke);
   * or with what broke the alarm (`ALARM_FENCED`, `ALARM_PRECOMMIT_FAILED`, `ALARM_COMMIT_FAILED`), then open the store again. BEGIN, COMMIT and ROLLBACK are the store's
   * (`ALARM_TRANSACTION_INVALID`).
   *
   * Gotchas: the transaction stays open while the manager is told. All stores of a pool share its connections but two; what comes when
   * they are taken waits, so do not wait inside for another actor's transaction. `confirmed` and `drained` wait for the transaction that is open: do not
   * await them inside.
   */
  commitWith<T>(work: (client: ClientBase) => T | PromiseLike<T>): Promise<T>

  /** Closes the alarm, and rolls back what is not committed. What waits gets `ALARM_CLOSED`. */
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
 *   store.alarm.set(Date.now() + 60_000)
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
  const turns = storeTurns(lenderOf(db), row, () => engine)
  const { scheduler, reconcile, retry } = options
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

  async function close(): Promise<void> {
    engine.close()
    await turns.idle()
    if (isOwn) await db.close()
  }

  return {
    alarm: storeAlarm(engine, turns, close),
    epoch: row.epoch,
    commitWith: (work) => turns.run(work),
    close,
  }
}

/** The engine's alarm; inside a transaction, what it is asked waits for the success of the statements. */
function storeAlarm(engine: Alarm, turns: Turns, close: () => Promise<void>): Alarm {
  const afterTurns = <T>(ask: () => Observable<T>): Observable<T> =>
    of(null).pipe(holdUntilTold(turns), concatMap(ask))
  return {
    get time() {
      const asked = turns.current?.alarm
      return asked === undefined ? engine.time : asked
    },
    get events$() {
      return engine.events$
    },
    set(time, options) {
      const ms = checkTime(time)
      if (turns.current !== null) turns.current.alarm = ms
      else engine.set(ms, options)
    },
    delete(options) {
      if (turns.current !== null) turns.current.alarm = null
      else engine.delete(options)
    },
    touch: (options) => engine.touch(options),
    confirmed: () => afterTurns(() => engine.confirmed()),
    drained: () => afterTurns(() => engine.drained()),
    holdUntilConfirmed: () => (source) => source.pipe(holdUntilTold(turns), engine.holdUntilConfirmed()),
    deliver: (wakeup, handler) => engine.deliver(wakeup, handler),
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

function lenderOf(db: Database): Lender {
  const broken = (error: unknown): unknown => postgresError(error, db.name)

  async function connect(pool: Pool, free = (): void => {}): Promise<Lent> {
    try {
      const client = await pool.connect()
      const giveBack = (isUsable: boolean): void => {
        client.release(!isUsable)
        free()
      }
      return { client, giveBack }
    } catch (error) {
      free()
      throw broken(error)
    }
  }

  return {
    async forTransaction() {
      const pool = await db.pool()
      return connect(pool, await standInLine(pool))
    },
    forStatement: async () => connect(await db.pool()),
    broken,
  }
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
