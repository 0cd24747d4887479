import { concat, defer, ignoreElements, Observable, type ObservableInput } from 'rxjs'
import { asRun } from '../changes/handler-run.ts'
import { type Closable, closable } from '../fleet/closing/close-once.ts'
import { flushAll } from '../fleet/closing/flush-all.ts'
import { type Flush, hosting } from '../fleet/closing/host.ts'
import { alarmList } from '../ledger/alarm-list.ts'
import { edgesOf } from '../ledger/due-span.ts'
import { checkFailedAlarm } from '../ledger/failed-alarm.ts'
import type { HeldAlarm } from '../ledger/held-alarm.ts'
import { type Excerpt, firstDue, listAlarms } from '../ledger/list-alarms.ts'
import {
  checkDeliveries,
  checkManagerOptions,
  type ManagerOptions,
  managerNames,
} from '../ledger/manager-options.ts'
import { type Pauses, pausedAt, resumedAt } from '../ledger/pauses.ts'
import { statsOf } from '../ledger/stats.ts'
import { type AlarmScope, checkScope } from '../vocabulary/alarm-scope.ts'
import { type Awaitable, awaitable } from '../vocabulary/awaitable.ts'
import { checkNames, type Names } from '../vocabulary/check-names.ts'
import { configError } from '../vocabulary/error-of.ts'
import { AlarmError, AlarmFencedError } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'
import { checkKey } from '../vocabulary/key.ts'
import type { AlarmList, ListOptions } from '../vocabulary/listed-alarm.ts'
import type {
  AlarmDelivery,
  AlarmManager,
  DeliveryEvent,
  DeliveryOptions,
  EachResult,
  KeyedWrite,
  WriteInfo,
} from '../vocabulary/manager.ts'
import type { DueSpan, ManagerStats } from '../vocabulary/manager-stats.ts'
import { timerMilliseconds } from '../vocabulary/milliseconds.ts'
import { type AlarmTime, checkAlarmTime, checkTime } from '../vocabulary/time.ts'
import { alarmTable, leaseInDatabase, type Revived } from './alarm-table.ts'
import { type DatabaseOptions, databaseNames, openDatabase } from './database.ts'
import { type DueListener, deliverDue, type OpenDeliveries } from './deliver-due.ts'
import { notifyOfDue } from './due-channel.ts'
import { endLease } from './end-lease.ts'
import { operatorTable } from './operator-table.ts'
import { delivererOf } from './report-activity.ts'
import { shareDatabase } from './shared-database.ts'

/** Where the database is, and how a manager delivers from it. */
export interface PostgresManagerOptions extends ManagerOptions, DatabaseOptions {
  /**
   * handlers at a time, where `deliveries` says nothing else; default 100. Of those that hold a transaction (`commitWith`) no more run than the
   * pool has connections, less two: 8 of a `connectionString`, even if this says more
   */
  readonly concurrency?: number
  /** ms between looks for what is due, while delivering: the floor, where everything else fails; default 1 s */
  readonly pollInterval?: number
}

/** How a server keeps what it has acknowledged. */
export interface PostgresReady {
  /** that follow it now */
  readonly standbys: number
  /** commits wait for one of them: otherwise those acknowledged last are lost where a standby takes over */
  readonly synchronous: boolean
}

/** A manager on PostgreSQL, whose alarms can be read. */
export interface PostgresManager extends AlarmManager, Closable {
  write(key: string, time: AlarmTime, info: WriteInfo): Awaitable<never, void>
  writeMany(writes: readonly KeyedWrite[]): Awaitable<readonly EachResult[]>
  deliveries(
    handler: (delivery: AlarmDelivery) => ObservableInput<unknown>,
    options?: DeliveryOptions,
  ): Observable<DeliveryEvent>
  /** The alarm that it holds for a key; while it is being delivered too, until that is done. */
  get(key: string): Promise<AlarmTime>
  /** Whether an alarm is due, and delivered, is said by the clock of this process. */
  list(options?: ListOptions): AlarmList
  retry(key: string, options?: { readonly fence?: number }): Promise<boolean>
  discard(key: string, options?: { readonly fence?: number }): Promise<boolean>
  reschedule(key: string, time: number | Date, options?: { readonly fence?: number }): Promise<boolean>
  pause(scope?: AlarmScope): Promise<boolean>
  resume(scope?: AlarmScope): Promise<boolean>
  drain(): Promise<void>
  /** By the clock of the database. */
  stats(): Promise<ManagerStats>
  countDue(span: DueSpan): Promise<readonly number[]>
  /**
   * Resolves when the server was reached and the tables are there, with what a failover would cost. It need not be called: it only says early
   * what is wrong.
   */
  ready(): Promise<PostgresReady>
  /**
   * Waits for the handlers at work (at most their leases), completes the deliveries, brings through what its stores have accepted, waits
   * for all writes, and lets go of the database. What comes later fails (`ALARM_CLOSED`). A pool of yours stays open; of its own one,
   * transactions of stores have `timeout` to end, and are then rolled back.
   *
   * Rejects with `ALARM_CLOSE_FAILED`, whose `keys` say of which actors something was lost, or was not answered within 5 s.
   */
  close(): Promise<void>
}

/**
 * Makes a manager that keeps its alarms in PostgreSQL, shared by any number of processes.
 *
 * A write completes when it is durable; all writes of one turn of the event loop share one statement. Removals leave their fence for a day.
 * Throws `ALARM_CONFIG_INVALID`; what is wrong with the server comes with the first write or delivery (`ALARM_STORAGE_UNREACHABLE`,
 * `_UNSUPPORTED`, `_MISSING`, `_NEWER`, `_READONLY`, `_LOCKED`, `_FAILED`). Deliveries outlast a server that is away.
 *
 * Never before its time means the database's clock, and that of the process that delivers, too.
 *
 * Gotchas: a handler has to answer by `alarm.deliver`. One that only completes removes the manager's copy, while the store goes on holding the
 * alarm: it fires again whenever the actor is opened. A pooler in transaction mode loses notifications: what another process writes less
 * than a poll before its time may wait for the poll. On a shared pool, count one connection for each `deliveries` that is subscribed.
 *
 * ```ts
 * const manager = postgresManager({ connectionString: process.env.DATABASE_URL })
 * const store = await postgresStore({ key: '42', manager })
 * manager.deliveries((delivery) => store.alarm.deliver(delivery, () => brew())).subscribe()
 * ```
 */
export function postgresManager(options: PostgresManagerOptions): PostgresManager {
  const { scheduler, lease, redact } = checkManagerOptions(options)
  checkNames('postgresManager', options, names)
  const { concurrency = 100 } = options
  const pollInterval = timerMilliseconds('pollInterval', options.pollInterval ?? 1_000)
  checkDeliveries(() => {}, { concurrency })
  const db = openDatabase(options)
  const table = alarmTable(db, leaseInDatabase(lease))
  const operators = operatorTable(db)
  const open = new Set<OpenDeliveries>()
  const dueListeners = new Set<DueListener>()
  const own = crypto.randomUUID()
  const wakeOthers = notifyOfDue(db, scheduler, own)
  let isClosing = false
  let isClosed = false
  const guests = new Set<Flush>()

  function check(isOver: boolean): void {
    if (!isOver) return
    throw new AlarmError('ALARM_CLOSED', `The manager of ${given(db.name)} was closed. Make a new one.`, {
      counted: false,
    })
  }

  function announce(dueIn: number | null): void {
    if (dueIn === null) return
    let hasPlace = false
    for (const notify of dueListeners) if (notify(dueIn)) hasPlace = true
    if (!hasPlace) wakeOthers(dueIn)
  }

  async function writeOne(write: KeyedWrite): Promise<AlarmFencedError | null> {
    check(isClosed)
    const result = await table.write(write)
    if (result instanceof AlarmFencedError) return result
    announce(result)
    return null
  }

  async function revived(changing: Promise<Revived | null>): Promise<boolean> {
    const found = await changing
    if (found !== null) announce(found.dueIn)
    return found !== null
  }

  async function changePauses(change: (pauses: Pauses) => Pauses | null): Promise<boolean> {
    for (;;) {
      check(isClosed)
      const before = await operators.pauses()
      const after = change(before)
      if (after === null) return false
      if (await operators.keepPauses(before, after)) return true
    }
  }

  // The handlers may still write, and so may the stores.
  const flush = (): Observable<never> =>
    concat(
      defer(async () => {
        isClosing = true
        await Promise.all([...open].map((deliveries) => deliveries.drain()))
      }).pipe(ignoreElements()),
      flushAll(guests),
    )

  async function end(): Promise<void> {
    isClosed = true
    await table.idle()
    await db.close()
  }

  const manager: PostgresManager = {
    write: (key, time, info) =>
      awaitable(
        new Observable((subscriber) => {
          const write = checkWrite({ key, time, info })
          writeOne(write).then(
            (stale) => (stale === null ? subscriber.complete() : subscriber.error(stale)),
            (error) => subscriber.error(error),
          )
        }),
      ),
    writeMany: (writes) =>
      awaitable(
        new Observable((subscriber) => {
          const each = writes.map(async (write): Promise<EachResult> => {
            let checked: KeyedWrite
            try {
              checked = checkWrite(write)
            } catch (error) {
              return error as AlarmError
            }
            return writeOne(checked)
          })
          Promise.all(each).then(
            (results) => {
              subscriber.next(results)
              subscriber.complete()
            },
            (error) => subscriber.error(error),
          )
        }),
      ),
    deliveries(handler, deliveryOptions = {}) {
      checkDeliveries(handler, deliveryOptions)
      const { abandon } = deliveryOptions
      const delivered$ = deliverDue(
        {
          db,
          own,
          table,
          operators,
          redact,
          scheduler,
          lease,
          pollInterval,
          waitsForClock: true,
          open,
          dueListeners,
          announce,
          wakeOthers,
        },
        (delivery) => asRun('The delivery handler', undefined, () => handler(delivery)),
        {
          concurrency,
          ...deliveryOptions,
          ...(abandon !== undefined && {
            abandon: (key, time, delivery) => asRun('abandon', undefined, () => abandon(key, time, delivery)),
          }),
        },
      )
      return new Observable((subscriber) => {
        check(isClosing)
        return delivered$.subscribe(subscriber)
      })
    },
    get: async (key) => {
      check(isClosed)
      return table.get(checkKey(key))
    },
    list(listOptions = {}) {
      check(isClosed)
      const byDeliverer = (held: HeldAlarm): HeldAlarm => ({
        ...held,
        holder: held.holder && delivererOf(held.holder),
      })
      const openRead = () => async (excerpt: Excerpt) => {
        check(isClosed)
        return (await table.page(excerpt)).map(byDeliverer)
      }
      const read = async (key: string) => {
        const held = await table.read(key)
        return held === null ? undefined : byDeliverer(held)
      }
      const now = (): number => scheduler.now()
      return alarmList(listAlarms(listOptions, { now, read, openRead, pauses: operators.pauses }))
    },
    async retry(key, guard) {
      check(isClosed)
      const failed = checkFailedAlarm(key, guard)
      if (await revived(table.retry(failed))) return true
      const isEnded = await endLease(failed, table, operators)
      if (isEnded) announce(0)
      return isEnded
    },
    async discard(key, guard) {
      check(isClosed)
      return revived(table.discard(checkFailedAlarm(key, guard)))
    },
    async reschedule(key, time, guard) {
      check(isClosed)
      return revived(table.reschedule(checkFailedAlarm(key, guard), checkTime(time)))
    },
    async pause(scope = {}) {
      const checked = checkScope(scope)
      return changePauses((pauses) => pausedAt(pauses, checked))
    },
    async resume(scope = {}) {
      const checked = checkScope(scope)
      const isResumed = await changePauses((pauses) => resumedAt(pauses, checked))
      for (; isResumed && (await table.restore()); announce(0)) check(isClosed)
      return isResumed
    },
    async drain() {
      await Promise.all([...open].map((deliveries) => deliveries.drain()))
    },
    async stats() {
      check(isClosed)
      const { now, ...look } = await operators.look()
      const [oldest] = await table.page(firstDue(now))
      const pauses = await operators.pauses()
      const due = oldest && { key: oldest.key, due: oldest.due as number }
      return statsOf({ ...look, pauses, oldest: due ?? null }, now)
    },
    async countDue(span) {
      const edges = edgesOf(span)
      check(isClosed)
      return operators.countBetween(edges)
    },
    async ready() {
      check(isClosing)
      const { standbys, isSynchronous } = await db.replication()
      return { standbys, synchronous: isSynchronous }
    },
    ...hosting({ guests, pump: () => false }),
    ...closable(flush, end),
  }
  shareDatabase(manager, db)
  return manager
}

const names: Names<PostgresManagerOptions> = {
  ...managerNames,
  ...databaseNames,
  concurrency: true,
  pollInterval: true,
}

function checkWrite({ key, time, info }: KeyedWrite): KeyedWrite {
  checkKey(key)
  const fence: unknown = info?.fence
  if (!Number.isSafeInteger(fence) || (fence as number) < 0) {
    throw configError('The fence of a write', 'a whole number, 0 or more, that grows with every write', fence)
  }
  return { key, time: checkAlarmTime(time), info }
}
