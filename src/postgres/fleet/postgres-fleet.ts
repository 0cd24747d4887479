import type { ClientBase } from 'pg'
import { firstValueFrom, race, Subject, timer } from 'rxjs'
import { changesInGroups } from '../../changes/changes.ts'
import { ofHandler } from '../../changes/of-handler.ts'
import type { ActorFleet } from '../../fleet/actor-fleet.ts'
import { every } from '../../fleet/every.ts'
import type { FleetConfig } from '../../fleet/fleet-config.ts'
import { type FleetEngine, openEngine } from '../../fleet/fleet-engine.ts'
import { noteHealth } from '../../fleet/fleet-health.ts'
import { fleetOf } from '../../fleet/open-fleet.ts'
import { shardWork } from '../../fleet/shard-work.ts'
import { checkKey } from '../../vocabulary/key.ts'
import type { DeliveryEvent } from '../../vocabulary/manager.ts'
import { alarmTable, leaseInDatabase } from '../alarm-table.ts'
import { openDatabase } from '../database.ts'
import type { DueListener, OpenDeliveries } from '../deliver-due.ts'
import { lenderOf } from '../lent-connections.ts'
import { operatorTable } from '../operator-table.ts'
import type { ChangeWork } from './change.ts'
import { changeGroup } from './change-group.ts'
import { closeFleet } from './close-fleet.ts'
import { fleetDeliveries } from './fleet-deliveries.ts'
import { elsewhere } from './fleet-errors.ts'
import { checkFleetOptions, type PostgresFleetOptions } from './fleet-options.ts'
import { fleetRequests } from './fleet-requests.ts'
import { fleetRows, ownedAlarm, type RowCommit } from './fleet-rows.ts'
import { fleetStore } from './fleet-store.ts'
import { forgetRequests } from './operations.ts'
import { type Ownership, ownShards } from './own-shards.ts'
import { shardOf, shardOfRow } from './shard-of.ts'
import { shardTable } from './shard-table.ts'
import type { SharedCommit } from './shared-commit.ts'

/** Many actors on many machines, whose state and alarms are in one PostgreSQL. */
export interface PostgresFleet extends ActorFleet<ClientBase> {
  /**
   * Runs statements and commits them together with the alarm that they ask for, or nothing of either; resolves with what `work` returns when
   * that is durable. One at a time for an actor, in the order in which they were asked for.
   *
   * Changes of different actors share a transaction, with a savepoint for each: a setting that one makes with `set_config` holds for those after it.
   * Rejects with the error of `work`, and nothing of it has changed; with `ALARM_FENCED` where another process owns the actor, whose address it
   * names; with `ALARM_TRANSACTION_INVALID` where `work` begins or ends a transaction, calls `change`, or has not ended within `timeout`; with
   * `ALARM_TIMEOUT` where its turn has not come, or its actor was not loaded, within that. Gotcha: `work` is called again where the server rolls it back, so it must do nothing but SQL.
   */
  change<T>(key: string, work: ChangeWork<T>): Promise<T>
  /**
   * Does an operation where its actor is owned: here, or in another process, which `forward` asks; resolves with what it returns there, as JSON
   * has it.
   *
   * With an `id` it is done once, however often it is asked for, within a day; without one at most once: where it is not known whether another
   * process has done it, that is the error. Rejects as `change` does; with `ALARM_FENCED` where no process that has an address owns the actor.
   */
  call(key: string, operation: string, input?: unknown, options?: { readonly id?: string }): Promise<unknown>
  /**
   * Lets those that are asked for and the handlers at work end, gives its shards to the others, each when nothing is under way in it, and lets go
   * of the database; resolves then. Takes nothing from here on (`ALARM_CLOSED`).
   */
  close(): Promise<void>
}

const BEAT = 1_000 // ms between reports; a third of a lease that is shorter than three of them
const MINUTE = 60_000
const GROUPS = 4 // transactions of changes at a time

/**
 * Opens the actors of a database, of which this process owns a share: it alone delivers their alarms and changes them.
 *
 * An actor's alarm is in the row that is delivered from, so that its state, its alarm and what the manager has are one commit. Each commit
 * locks the shards that it is in: where they have another owner by then, it changes nothing (`ALARM_FENCED`).
 *
 * ```ts
 * const fleet = await postgresFleet({ connectionString: 'postgres://localhost/app', handler: ({ key }) => wake(key) })
 * await fleet.change('42', async (tx, alarm) => {
 *   await tx.query('INSERT INTO item VALUES ($1)', ['tea'])
 *   alarm.setIn(60_000)
 * })
 * ```
 */
export async function postgresFleet(options: PostgresFleetOptions): Promise<PostgresFleet> {
  const checked = checkFleetOptions(options)
  const { scheduler, lease, redact, ownerLease, pollInterval, shards, address, concurrency } = checked
  const { operations, forward, handler, abandon, limits } = checked

  const db = openDatabase(options)
  const table = shardTable(db, { shards, address, lease: ownerLease })
  try {
    await table.prepare()
  } catch (error) {
    await db.close()
    throw error
  }
  const ofRow = shardOfRow(shards)
  const shardOfKey = (key: string): number => shardOf(key, shards)
  const rows = fleetRows(db.schema, ofRow, db.query)
  const operators = operatorTable(db)
  const commits = new Map<string, SharedCommit<RowCommit>>()
  const work = shardWork()
  const handlers = shardWork()
  const open = new Set<OpenDeliveries>()
  const dueListeners = new Set<DueListener>()
  const events$ = new Subject<DeliveryEvent>()

  function announce(dueIn: number | null): void {
    if (dueIn !== null) for (const notify of dueListeners) notify(dueIn)
  }

  const ownership: Ownership = ownShards(table, {
    shards,
    lease: ownerLease,
    scheduler,
    moving: {
      taken: (taken) =>
        rows.free(
          ownership.process,
          taken.map(({ id }) => id),
        ),
      leaving: handlers.idle,
      // As long as a change may wait and take: what goes on for longer has no end.
      async closing(shard) {
        await firstValueFrom(race(work.idle(shard), timer(2 * db.timeout, scheduler)))
      },
      lost: (ids) =>
        engine.lose(
          (key) => ids.has(shardOfKey(key)),
          (key) => elsewhere(key, null),
        ),
      owned: () => announce(0),
    },
  })

  const health = noteHealth(ownership, rows.overdue, scheduler)

  const store = fleetStore({
    db,
    table,
    rows,
    ownership,
    work,
    commits,
    engine: () => engine,
    shardOfKey,
    announce,
  })
  const engine = openEngine<string>({
    ...store,
    scheduler,
    ...limits,
  } as FleetConfig)
  // What another process owns is refused before it is loaded, and leaves nothing to back off from.
  const guarded: FleetEngine<string> = Object.assign(Object.create(engine), {
    use(key: string) {
      if (ownership.epochOf(shardOfKey(checkKey(key))) === null) throw elsewhere(key, null)
      return engine.use(key)
    },
  })
  const fleet = fleetOf(guarded)
  const perform = changeGroup({
    db,
    rows,
    lender: lenderOf(db, scheduler),
    engine: guarded,
    ownership,
    scheduler,
    lease: ownerLease,
    commits,
    announce,
  })
  const isOfHandler = ofHandler(engine)
  const changes = changesInGroups(perform, {
    most: GROUPS,
    shardOfKey,
    isOfHandler,
    work,
    scheduler,
    timeout: db.timeout,
  })

  const alarms = alarmTable(db, leaseInDatabase(lease), {
    condition: ownedAlarm(db.schema, ofRow),
    values: () => [ownership.process, ownership.shards],
  })
  const delivered$ = fleetDeliveries({
    deliveries: {
      db,
      own: crypto.randomUUID(),
      table: alarms,
      operators,
      redact,
      scheduler,
      lease,
      pollInterval,
      waitsForClock: false, // no other process would deliver it meanwhile
      open,
      dueListeners,
      announce,
      wakeOthers() {}, // none of them delivers what is owned here
    },
    ownership,
    work,
    handlers,
    engine: guarded,
    fleet,
    concurrency,
    shardOfKey,
    handler,
    abandon,
    looked: health.looked,
    failed: health.blind,
  })

  const beats = every(Math.min(BEAT, ownerLease / 3), scheduler, () =>
    ownership.look().then(() => health.owns(null), health.owns),
  ).subscribe()
  const forgetting = every(MINUTE, scheduler, () => forgetRequests(db).catch(() => {})).subscribe() // what does not go now goes next time
  const delivering = delivered$.subscribe((event) => {
    if (event.kind === 'delivered') health.came(event.lateness)
    events$.next(event)
  })
  const closing = closeFleet({
    changes,
    ownership,
    open,
    engine,
    stop() {
      delivering.unsubscribe()
      beats.unsubscribe()
      forgetting.unsubscribe()
      health.end()
      events$.complete()
    },
    async letGo() {
      await alarms.idle()
      await db.close()
    },
  })

  return {
    actor: fleet.actor,
    get events$() {
      return fleet.events$
    },
    get pressure() {
      return fleet.pressure
    },
    drained: fleet.drained,
    ...fleetRequests({
      changes,
      ownership,
      table,
      schema: db.schema,
      operations,
      forward,
      scheduler,
      shardOfKey,
    }),
    owned$: ownership.owned$,
    health$: health.health$,
    deliveries$: events$.asObservable(),
    ...closing,
  }
}
