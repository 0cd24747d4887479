import type { DatabaseSync } from 'node:sqlite'
import { BehaviorSubject, catchError, EMPTY, expand, type Observable, Subject } from 'rxjs'
import { checkChange } from '../../changes/change-errors.ts'
import { changesInGroups } from '../../changes/changes.ts'
import { ofHandler } from '../../changes/of-handler.ts'
import type { ActorChange, ActorFleet, FleetRequest, FleetTransaction } from '../../fleet/actor-fleet.ts'
import { closable } from '../../fleet/closing/close-once.ts'
import { flushAfter } from '../../fleet/closing/flush-after.ts'
import { every } from '../../fleet/every.ts'
import { openEngine } from '../../fleet/fleet-engine.ts'
import { noteHealth } from '../../fleet/fleet-health.ts'
import { fleetOf } from '../../fleet/open-fleet.ts'
import { shardWork } from '../../fleet/shard-work.ts'
import { fleetClosedError } from '../../vocabulary/error-of.ts'
import { checkKey } from '../../vocabulary/key.ts'
import type { DeliveryEvent } from '../../vocabulary/manager.ts'
import { actorRows } from '../actor-rows.ts'
import { openActorsFile } from '../actors-file.ts'
import { orClose } from '../or-close.ts'
import { sqliteManager } from '../sqlite-manager.ts'
import { actorStore } from './actor-store.ts'
import type { ChangeWork } from './change.ts'
import { changeGroup } from './change-group.ts'
import { fileLine } from './file-line.ts'
import { fleetDeliveries } from './fleet-deliveries.ts'
import { checkFleetOptions, type SqliteFleetOptions } from './fleet-options.ts'
import { lendTransactions } from './loan.ts'
import { oldestDue } from './oldest-due.ts'
import { requestedOperations } from './operations.ts'
import { changeRunner } from './run-change.ts'

/**
 * Many actors in one process, whose state is in one SQLite file and whose alarms are in another, that of their manager. What it gives is
 * what `postgresFleet` gives.
 *
 * Values come back as SQLite has them: numbers, texts, bytes (`Uint8Array`) and null. A boolean is bound as 1 or 0; a date is no type of its own.
 * `owned$` emits one shard, 0, and none when it is closed; in `health$` there is one process, and `lookedAt` is when the health itself was looked
 * for. `serve` does what it is asked for, as there is no other process that owns anything. Where another fleet has loaded an actor from the
 * file since, its next change is refused (`ALARM_FENCED`), and nothing has changed; the one after that takes it back.
 */
export interface SqliteFleet extends ActorFleet<FleetTransaction> {}

const MINUTE = 60_000
const SHARD = 0 // the only one

/**
 * Opens the actors of a file: changes their state and their alarms in one commit each, and delivers the alarms.
 *
 * A change is an open transaction for as long as its function is awaited; the changes that are asked for meanwhile share the next one, with a
 * savepoint for each and one fsync. All else of the file waits for it, also a write through a connection of your own; reading does not.
 * An earlier alarm is with the manager before the commit, in a file of its own: a process that dies in between leaves a manager that is
 * early, and never one that is late.
 *
 * Rejects with `ALARM_CONFIG_INVALID`, and with what `sqliteStores` and `sqliteManager` throw for files that they cannot use. The file may be one
 * of `sqliteStores`. Tables of yours are made through a connection of your own, before or after, or in a change.
 *
 * ```ts
 * const fleet = await sqliteFleet({ file: 'actors.db', handler: ({ key }) => wake(key) })
 * await fleet.change('42', async (tx, alarm) => {
 *   await tx.query('CREATE TABLE IF NOT EXISTS item (actor TEXT, name TEXT)')
 *   await tx.query('INSERT INTO item VALUES ($1, $2)', [alarm.key, 'tea'])
 *   alarm.setIn(60_000)
 * })
 * ```
 */
export async function sqliteFleet(options: SqliteFleetOptions): Promise<SqliteFleet> {
  const checked = checkFleetOptions(options)
  const { file, busyTimeout } = checked
  return orClose(openActorsFile(file, busyTimeout), file, (db) => fleetOver(db, checked))
}

function fleetOver(
  db: DatabaseSync,
  {
    file,
    managerFile,
    scheduler,
    lease,
    redact,
    timeout,
    busyTimeout,
    pollInterval,
    concurrency,
    handler,
    abandon,
    operations,
    limits,
  }: ReturnType<typeof checkFleetOptions>,
): SqliteFleet {
  const rows = actorRows(db, file)
  const line = fileLine(db, file, { scheduler, busyTimeout })
  const requests = requestedOperations(db, operations, () => scheduler.now())
  const lend = lendTransactions(db, file)
  const manager = sqliteManager({ file: managerFile, scheduler, lease, redact, pollInterval, busyTimeout })
  const store = actorStore(rows, line, manager)
  const engine = openEngine<string>({ ...store.config, scheduler, ...limits })
  const fleet = fleetOf(engine)
  const run = changeRunner(db, file, { lend, checkTime: engine.checkTime, scheduler, timeout })
  const perform = changeGroup({ db, file, rows, line, store, engine, run, scheduler, timeout })
  const work = shardWork()
  const changes = changesInGroups(perform, {
    most: 1, // a file has one transaction at a time
    shardOfKey: () => SHARD,
    isOfHandler: ofHandler(engine),
    work,
    scheduler,
    timeout,
  })
  const owned$ = new BehaviorSubject<ReadonlySet<number>>(new Set([SHARD]))
  const events$ = new Subject<DeliveryEvent>()
  let isBlind = false
  const health = noteHealth({ shards: [SHARD], processes: 1 }, overdue, scheduler)

  async function overdue(): Promise<number | null> {
    const oldest = await oldestDue(manager, managerFile, scheduler)
    if (!isBlind) health.looked()
    return oldest
  }

  const delivered$ = fleetDeliveries({
    manager,
    fleet,
    scheduler,
    concurrency,
    handler,
    abandon,
    begun() {
      isBlind = false
    },
    failed(error) {
      isBlind = true
      health.blind(error)
    },
  })
  const delivering = delivered$.subscribe((event) => {
    if (event.kind === 'delivered') health.came(event.lateness)
    if (event.kind === 'stalled') health.owns(event.error)
    if (event.kind === 'resumed') health.owns(null)
    events$.next(event)
  })
  const forgetting = every(MINUTE, scheduler, forget).subscribe()

  /** As many as there are; what does not go now goes next time. */
  function forget(): Observable<unknown> {
    const some$ = line.step(requests.forget)
    return some$.pipe(
      expand((mayBeMore) => (mayBeMore ? some$ : EMPTY)),
      catchError(() => EMPTY),
    )
  }

  /** Handlers end first, then the changes that they, and others, have asked for. */
  async function leave(): Promise<void> {
    changes.refuse(fleetClosedError())
    await manager.drain()
    delivering.unsubscribe()
    await work.idle(SHARD)
  }

  async function end(): Promise<void> {
    for (const each of [delivering, forgetting]) each.unsubscribe()
    owned$.next(new Set())
    engine.close()
    health.end()
    events$.complete()
    try {
      await manager.close()
    } finally {
      db.close()
    }
  }

  const asked = async (key: string, work: ChangeWork): Promise<unknown> => changes.change(checkKey(key), work)

  async function change<T>(key: string, work: ActorChange<T>): Promise<T> {
    checkChange(work)
    return asked(key, (tx, alarm) => work(tx, alarm)) as Promise<T>
  }

  const serve = async (request: FleetRequest): Promise<unknown> =>
    asked(request.key, requests.workOf({ ...request, key: checkKey(request.key) }))

  return {
    actor: fleet.actor,
    get events$() {
      return fleet.events$
    },
    get pressure() {
      return fleet.pressure
    },
    drained: fleet.drained,
    change,
    call: (key, operation, input = null, { id } = {}) =>
      serve({ key, operation, input, ...(id !== undefined && { id }) }),
    serve,
    owned$: owned$.asObservable(),
    health$: health.health$,
    deliveries$: events$.asObservable(),
    ...closable(() => flushAfter(leave, engine), end),
  }
}
