import type { DatabaseSync } from 'node:sqlite'
import {
  asyncScheduler,
  defer,
  EMPTY,
  lastValueFrom,
  Observable,
  type SchedulerLike,
  Subject,
  tap,
} from 'rxjs'
import { checkConfig } from '../actor/config.ts'
import { type Closable, closable } from '../fleet/closing/close-once.ts'
import { flushAll } from '../fleet/closing/flush-all.ts'
import { type Flush, hosting, hostOf, type Residents } from '../fleet/closing/host.ts'
import type { FleetConfig } from '../fleet/fleet-config.ts'
import type { FleetEngine } from '../fleet/fleet-engine.ts'
import type { StoredTimers } from '../timers/stored-timers.ts'
import { bringing, checkNames, type Names } from '../vocabulary/check-names.ts'
import { configError } from '../vocabulary/error-of.ts'
import { given } from '../vocabulary/given.ts'
import { checkManagerHasNone, inUse } from '../vocabulary/in-use.ts'
import { checkKey } from '../vocabulary/key.ts'
import type { AlarmManager } from '../vocabulary/manager.ts'
import { timeCheckOf } from '../vocabulary/real-time.ts'
import { actorRows } from './actor-rows.ts'
import { openActorsFile } from './actors-file.ts'
import { type ActorStep, actorsTurn } from './actors-turn.ts'
import { BUSY_TIMEOUT } from './connect.ts'
import { fileTransaction } from './file-transaction.ts'
import { actorForgetter } from './forget-actor.ts'
import { limitWrites } from './limit-writes.ts'
import { orClose } from './or-close.ts'
import { savepoint } from './savepoint.ts'
import { type StoreSql, storeSql } from './store-sql.ts'
import { closed, rolledBack, twoFleets, withoutFleet } from './stores-errors.ts'
import { storesTimers } from './stores-timers.ts'
import { synchronous } from './synchronous.ts'
import { watchFile } from './watch-file.ts'

/** Where many actors are kept, and what wakes them. */
export interface SqliteStoresOptions {
  /** the database of all the actors; made if it is not there, in a directory that is */
  readonly file: string
  readonly manager: AlarmManager
  /**
   * ms to wait for another process's lock before `ALARM_STORAGE_LOCKED`; default 5 s. Loading and commits wait on the scheduler, with
   * everything else going on; the thread waits in `sql`, while the file is opened, and while `close` commits what is left.
   */
  readonly busyTimeout?: number
  /** the clock of the waits for a lock, and of the fleet over these stores; default asyncScheduler */
  readonly scheduler?: SchedulerLike
}

/** Many actors' alarms and state in one file: a fleet's store and manager, to be spread into its config. */
export interface SqliteStores
  extends Required<
      Pick<FleetConfig, 'load' | 'commit' | 'write' | 'raise' | 'discard' | 'changed$' | 'wallClock'>
    >,
    Pick<FleetConfig, 'writeMany' | 'scheduler'>,
    Closable {
  /**
   * Does `work` in the transaction that commits this actor's alarm next, or not at all: with what is asked of the alarm after it in this
   * turn, or alone at the turn's end. The gate is closed until then. What was asked of the alarm before it is committed before it.
   *
   * Throws `ALARM_CLOSED` where no fleet is open over these stores. If `work` throws, that breaks this actor's alarm and no other. What is to be committed when the alarm breaks or is closed is
   * dropped; what a handler has asked for before it failed is not. Gotcha: it is called later, perhaps twice if a transaction fails; it must be synchronous, and do nothing but SQL.
   */
  change(key: string, work: (sql: StoreSql) => unknown): void

  /**
   * The named timers of an actor, in rows beside its alarm: the earliest is the alarm, in one commit, which is also that of what `change` was given before
   * in this turn. They are read back at once, before they are durable. `timers(key).deliver` takes the place of `fleet.deliver`.
   *
   * Throws `ALARM_KEY_INVALID`; what asks something of them throws `ALARM_CLOSED` where no fleet is open over these stores.
   */
  timers(key: string): StoredTimers

  /**
   * Deletes the row of an actor that is gone for good; your own tables are yours to clean. Resolves when that is durable, also where there was
   * none. Used again, the key is a new actor, whose fences are above all of before.
   *
   * Rejects with `ALARM_IN_USE`, and nothing has changed, where an alarm stands in the store, or in a manager that has `get`, or where the fleet
   * is loading the actor or has something left to do for it. Gotcha: an incarnation in another process gets `ALARM_FENCED` with its next commit.
   */
  forget(key: string): Promise<void>

  /** The tables, as they are durable. What changes them outside of `change` is a transaction of its own, at once: for the schema. */
  readonly sql: StoreSql

  /**
   * Lets go of the file when what their fleet has accepted is durable and with the manager; resolves then. Where the manager is a
   * `sqliteManager` that is so when it returns. Stores, fleet and manager may be closed in any order: nothing accepted is lost.
   *
   * Rejects with `ALARM_CLOSE_FAILED`, whose `keys` say of which actors something was lost, or was not answered within 5 s.
   */
  close(): Promise<void>
}

/**
 * Opens one SQLite file for many actors: their alarms, and their state in tables that they share.
 *
 * All that the actors commit in one turn of the event loop is ONE transaction with one fsync, acknowledged after it; so are the epochs of
 * those that are loaded. What is wrong with one actor's statements fails that actor alone. An actor that another process loads is taken
 * from the fleet that had it, which gets `ALARM_FENCED` with its next commit. One fleet at a time over these stores; a second is refused.
 *
 * Throws `ALARM_CONFIG_INVALID`; `ALARM_STORAGE_MISSING` on a Node before 22.16, `ALARM_STORAGE_INVALID` for a file that is no database, a
 * manager's or a single actor's, `ALARM_STORAGE_NEWER`, `ALARM_STORAGE_READONLY`, `ALARM_STORAGE_LOCKED` after `busyTimeout` ms,
 * `ALARM_STORAGE_FAILED` for what else goes wrong. A file that was removed, renamed or replaced since fails every commit and loading
 * (`ALARM_STORAGE_GONE`). Statements are restricted as in `sqliteStore`.
 *
 * ```ts
 * const stores = sqliteStores({ file: 'actors.db', manager })
 * stores.sql.exec('CREATE TABLE IF NOT EXISTS job (actor TEXT, name TEXT)')
 * const fleet = openFleet(stores)
 * stores.change('42', (sql) => sql.run('INSERT INTO job VALUES (?, ?)', '42', 'tea'))
 * fleet.actor('42').setIn(60_000) // one commit
 * ```
 */
export function sqliteStores(options: SqliteStoresOptions): SqliteStores {
  const { file, busyTimeout } = checkOptions(options)
  return orClose(openActorsFile(file, busyTimeout), file, (db) => storesOver(db, options))
}

function storesOver(db: DatabaseSync, options: SqliteStoresOptions): SqliteStores {
  const { file, manager, busyTimeout = BUSY_TIMEOUT, scheduler = asyncScheduler } = options
  const transaction = fileTransaction(db, file, busyTimeout, watchFile(db, file))
  const turn = actorsTurn(db, transaction, { scheduler, busyTimeout })
  const changes = new Map<string, ((sql: StoreSql) => unknown)[]>()
  const changed$ = new Subject<string>()
  const guests = new Set<Flush>()
  const fleets = new Set<Residents>()
  const rows = actorRows(db, file)
  const removeRow = actorForgetter(db, file)
  const flush = (): Observable<never> => flushAll(guests)
  const upper = hostOf(manager)
  const limited = limitWrites(manager, scheduler)
  let isClosing = false
  let isStepping = false
  const sql = storeSql(db, { check, join, touch() {} })

  const timers = storesTimers({
    db,
    scheduler,
    checkTime: timeCheckOf(options.scheduler),
    fleet() {
      check()
      const [fleet] = fleets
      if (isClosing) throw closed(file)
      if (fleet === undefined) throw withoutFleet(file)
      return fleet.engine as FleetEngine<string>
    },
  })

  upper?.guests.add(flush)

  function check(): void {
    if (db.isOpen) return
    throw closed(file)
  }

  /** The user's statements in the transaction of the turn, or in one of their own; their errors as they are. */
  function join<T>(work: () => T): T {
    check()
    if (db.isTransaction) return savepoint(db, work)
    if (isStepping) throw rolledBack(file)
    let failure: { readonly error: unknown } | null = null
    try {
      return transaction(() => {
        try {
          return work()
        } catch (error) {
          failure = { error }
          throw error
        }
      })
    } catch (error) {
      throw (failure as { readonly error: unknown } | null)?.error ?? error
    }
  }

  /** A step of this turn, unless nothing waits for it any more. */
  function step<T>(isRisky: boolean, run: () => T): Observable<T> {
    return new Observable((subscriber) => {
      check()
      const joined: ActorStep<T | null> = {
        isRisky,
        run: () => (subscriber.closed ? null : run()),
        done(result) {
          if (result !== null) subscriber.next(result)
          subscriber.complete()
        },
        failed: (error) => subscriber.error(error),
      }
      turn.join(joined)
    })
  }

  return {
    load: (key) =>
      step(false, () => rows.open(key, null)).pipe(
        tap((loaded) => {
          for (const { engine } of fleets) {
            const actor = (engine as FleetEngine<string>).find(key)
            if (actor !== null) timers.loaded(actor, loaded)
          }
        }),
      ),
    commit(time, { key, epoch }) {
      // Taken now: what is asked for from here on goes with the next commit, as the alarm does.
      const all = changes.get(key) ?? []
      changes.delete(key)
      const ofTimers = timers.take(key)
      const commit$ = step(all.length > 0, () => {
        rows.save(time, key, epoch)
        isStepping = true
        try {
          for (const work of all) synchronous(work(sql))
        } finally {
          isStepping = false
        }
        ofTimers?.write()
        return true
      })
      return ofTimers === null ? commit$ : commit$.pipe(tap({ next: ofTimers.done }))
    },
    write: (time, info) => limited(() => manager.write(info.key, time, info)),
    raise: (least, { key, epoch }) =>
      step(false, () => {
        rows.raise(least, key, epoch)
        return least
      }),
    ...(manager.writeMany !== undefined && {
      writeMany: (writes) => limited(() => manager.writeMany!(writes)),
    }),
    discard(key) {
      changes.delete(key)
      timers.drop(key)
    },
    timers: (key) => timers.of(checkKey(key)),
    changed$: defer(() => {
      // What one fleet's actor has changed would be lost with the other's commit.
      if (changed$.observed) throw twoFleets(file)
      return changed$
    }),
    change(key, work) {
      if (isClosing) throw closed(file)
      check()
      if (typeof work !== 'function') {
        throw configError('What changes an actor', 'a function of its tables', work)
      }
      checkKey(key)
      if (!changed$.observed) throw withoutFleet(file)
      const all = changes.get(key)
      if (all === undefined) changes.set(key, [work])
      else all.push(work)
      changed$.next(key)
    },
    async forget(key) {
      checkKey(key)
      if (isClosing) throw closed(file)
      const isBusy = () => [...fleets].some((fleet) => fleet.isBusy(key))
      if (isBusy()) throw inUse(key, given(file), 'it is being loaded, or has something left to do')
      await checkManagerHasNone(manager, key, given(file))
      const forget$ = step(false, () => {
        if (isBusy()) throw inUse(key, given(file), 'it is being loaded, or has something left to do')
        removeRow(key)
        return true
      }).pipe(
        tap(() => {
          for (const fleet of fleets) fleet.drop(key)
        }),
      )
      await lastValueFrom(forget$)
    },
    sql,
    wallClock: true,
    ...(options.scheduler !== undefined && { scheduler }),
    ...bringing('change', 'timers', 'forget', 'sql', 'close'),
    ...hosting({
      guests,
      fleets,
      pump() {
        const isMine = turn.flush()
        return upper?.pump() === true || isMine
      },
    }),
    ...closable(
      () => {
        isClosing = true
        return flush()
      },
      () => {
        upper?.guests.delete(flush)
        turn.flush()
        db.close()
      },
    ),
  }
}

function checkOptions(options: SqliteStoresOptions): SqliteStoresOptions {
  const { manager } = options ?? {}
  if (typeof manager?.write !== 'function') throw configError('manager', 'an AlarmManager', manager)
  checkNames('sqliteStores', options, names)
  checkConfig({ ...options, commit: () => EMPTY, write: () => EMPTY })
  return options
}

const names: Names<SqliteStoresOptions> = { file: true, manager: true, busyTimeout: true, scheduler: true }
