import type { DatabaseSync } from 'node:sqlite'
import {
  defer,
  finalize,
  ignoreElements,
  interval,
  merge,
  type Observable,
  Subject,
  takeUntil,
  tap,
} from 'rxjs'
import { type Closable, closable } from '../fleet/closing/close-once.ts'
import { flushAll } from '../fleet/closing/flush-all.ts'
import { type Flush, hosting } from '../fleet/closing/host.ts'
import { watchSteps } from '../ledger/clock-steps.ts'
import { type LedgerManager, ledgerManager } from '../ledger/ledger-manager.ts'
import type { Excerpt } from '../ledger/list-alarms.ts'
import { checkManagerOptions, type ManagerOptions, managerNames } from '../ledger/manager-options.ts'
import { awaitable } from '../vocabulary/awaitable.ts'
import { checkNames, type Names } from '../vocabulary/check-names.ts'
import { AlarmError } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'
import type { AlarmList, SearchOptions } from '../vocabulary/listed-alarm.ts'
import type { DueSpan } from '../vocabulary/manager-stats.ts'
import { timerMilliseconds } from '../vocabulary/milliseconds.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import { alarmSchema } from './alarm-schema.ts'
import { BUSY_TIMEOUT } from './connect.ts'
import { fileTransaction, type Transaction } from './file-transaction.ts'
import { groupCommit } from './group-commit.ts'
import { openDatabase } from './open-database.ts'
import { orClose } from './or-close.ts'
import { pageByPage } from './page-by-page.ts'
import { sharedSteps } from './shared-steps.ts'
import { sqliteLedger } from './sqlite-ledger.ts'
import { sqliteOverview } from './sqlite-overview.ts'
import { inTransaction } from './transaction.ts'
import { watchFile } from './watch-file.ts'

/** Where the alarms are kept, and how patiently. */
export interface SqliteManagerOptions extends ManagerOptions {
  /** the database; made if it is not there, in a directory that is */
  readonly file: string
  /** ms between looks at what other processes wrote, while delivering; default 1 s */
  readonly pollInterval?: number
  /**
   * ms to wait for another process's lock before `ALARM_STORAGE_LOCKED`; default 5 s. Writes and deliveries wait on the scheduler, with
   * everything else going on; the thread waits while the file is opened, and while `close` commits what is left.
   */
  readonly busyTimeout?: number
}

/** A manager on an SQLite file, whose alarms can be read. */
export interface SqliteManager extends LedgerManager, Closable {
  search(options: SearchOptions): AlarmList
  countDue(span: DueSpan): Promise<readonly number[]>
  /**
   * Completes the deliveries, gives the alarms that are being delivered back, commits what was written, and lets go of the file.
   *
   * Closed before its stores and their fleets, it brings through what they have accepted first; where they are on SQLite that has
   * happened when it returns. What is asked of them later fails (`ALARM_CLOSED`). Rejects with `ALARM_CLOSE_FAILED`, whose `keys`
   * say of which actors something was lost, or was not answered within 5 s.
   */
  close(): Promise<void>
}

const MINUTE = 60_000

const names: Names<SqliteManagerOptions> = {
  ...managerNames,
  file: true,
  pollInterval: true,
  busyTimeout: true,
}

/**
 * Makes a manager that keeps its alarms in an SQLite file, which several processes may share.
 *
 * A write completes when it is on disk; all writes of one turn of the event loop share one transaction. Nothing but the handlers at
 * work is kept in memory. Removals leave their fence for a day.
 *
 * Throws `ALARM_CONFIG_INVALID`; `ALARM_STORAGE_MISSING` on a Node before 22.16, `ALARM_STORAGE_INVALID` for a file that is no database, or
 * that of something else, `ALARM_STORAGE_NEWER`, `ALARM_STORAGE_READONLY`, `ALARM_STORAGE_LOCKED` after `busyTimeout` ms,
 * `ALARM_STORAGE_FAILED` for what else goes wrong. A file that is refused is left as it was.
 *
 * Gotchas: a write during which the file stays locked fails with `ALARM_STORAGE_LOCKED`; deliveries wait for what can pass, as that, a full
 * disk or a failing device (`stalled`, `resumed`). A file that was removed, renamed or replaced since is refused from the next write on
 * (`ALARM_STORAGE_GONE`). A `file:` URI takes no parameters but `mode=rw`, `mode=rwc` and `cache=private`.
 *
 * ```ts
 * const manager = sqliteManager({ file: 'alarms.db' })
 * const store = sqliteStore({ file: 'actor-42.db', key: '42', manager })
 * manager.deliveries((delivery) => store.alarm.deliver(delivery, () => brew())).subscribe()
 * ```
 */
export function sqliteManager(options: SqliteManagerOptions): SqliteManager {
  const checked = checkManagerOptions(options)
  checkNames('sqliteManager', options, names)
  const pollInterval = timerMilliseconds('pollInterval', options.pollInterval ?? 1_000)
  const { file, busyTimeout = BUSY_TIMEOUT } = options
  return orClose(openDatabase(file, alarmSchema, busyTimeout), file, (db) =>
    managerOver(db, { ...checked, file, pollInterval, busyTimeout }),
  )
}

function thisProcess(): string {
  return `${process.getBuiltinModule('node:os').hostname()}:${process.pid}`
}

interface Checked extends ReturnType<typeof checkManagerOptions> {
  readonly file: string
  readonly pollInterval: number
  readonly busyTimeout: number
}

function managerOver(
  db: DatabaseSync,
  { file, scheduler, lease, redact, pollInterval, busyTimeout }: Checked,
): SqliteManager {
  const inFile = fileTransaction(db, file, busyTimeout, watchFile(db, file))
  const ledger = sqliteLedger(db)
  const news$ = new Subject<AlarmTime>()
  const closed$ = new Subject<void>()
  const guests = new Set<Flush>()
  let isClosing = false
  let isClosed = false
  const steps = watchSteps(scheduler)
  const { elapsed } = steps
  const shared = sharedSteps(ledger, steps, scheduler)
  let forgetAt = elapsed()

  const transaction: Transaction = (work, locked) => {
    const { value, isDone } = inFile(
      () => {
        shared.allow()
        if (elapsed() >= forgetAt) forgetAt = elapsed() + (ledger.forget(scheduler.now()) ? 0 : MINUTE)
        return { value: work(), isDone: true }
      },
      locked && ((error) => ({ value: locked(error), isDone: false })),
    )
    if (isDone) shared.commit()
    return value
  }

  inTransaction(db, file, shared.allow)
  shared.commit()
  const group = groupCommit(
    ledger,
    transaction,
    {
      openRead: () => pageByPage((excerpt: Excerpt) => whileOpen(() => ledger.page(excerpt))),
      look: ledger.look,
      pauses: ledger.pauses,
    },
    { scheduler, busyTimeout },
  )
  const manager = ledgerManager(group, { scheduler, lease, redact, steps, processName: thisProcess() }, news$)

  function whileOpen<T>(use: () => T, isOver = isClosed): T {
    if (!isOver) return use()
    throw new AlarmError('ALARM_CLOSED', `The manager of ${given(file)} was closed. Make a new one.`, {
      counted: false,
    })
  }

  /** As cheap as asking whether anything has changed: one look at the end of an index. */
  const poll$: Observable<never> = interval(pollInterval, scheduler).pipe(
    tap(() => {
      try {
        if (steps.step() !== 0) group.atOnce(() => {})
        news$.next(ledger.nextDue(ledger.pauses().generation))
      } catch {} // locked: the next look will tell
    }),
    ignoreElements(),
  )

  return {
    get: (key) => whileOpen(() => manager.get(key)),
    list: (listOptions) => whileOpen(() => manager.list(listOptions)),
    retry: async (key, guard) => whileOpen(() => manager.retry(key, guard)),
    discard: async (key, guard) => whileOpen(() => manager.discard(key, guard)),
    reschedule: async (key, time, guard) => whileOpen(() => manager.reschedule(key, time, guard)),
    ...sqliteOverview(db, ledger, () => scheduler.now(), whileOpen),
    stats: async () => whileOpen(() => manager.stats()),
    pause: async (scope) => whileOpen(() => manager.pause(scope)),
    resume: async (scope) => whileOpen(() => manager.resume(scope)),
    drain: async () => whileOpen(() => manager.drain()),
    fenceOf: (key) => whileOpen(() => manager.fenceOf(key)),
    write: (key, time, info) =>
      awaitable(defer((): Observable<never> => whileOpen(() => manager.write(key, time, info)))),
    deliveries(handler, deliveryOptions) {
      const deliveries$ = manager.deliveries(handler, deliveryOptions)
      return defer(() =>
        whileOpen(() => {
          const over$ = new Subject<void>()
          const delivered$ = deliveries$.pipe(finalize(() => over$.next()))
          return merge(delivered$, poll$.pipe(takeUntil(over$)))
        }, isClosing),
      ).pipe(takeUntil(closed$))
    },
    ...hosting({ guests, pump: group.flush }),
    ...closable(
      () => {
        isClosing = true
        group.flush()
        closed$.next()
        return flushAll(guests)
      },
      () => {
        group.flush()
        isClosed = true
        db.close()
      },
    ),
  }
}
