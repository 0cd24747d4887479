import {
  defer,
  EMPTY,
  exhaustMap,
  firstValueFrom,
  Observable,
  type ObservableInput,
  Subject,
  type Subscription,
  switchMap,
  timer,
} from 'rxjs'
import { type Closable, closable } from '../../fleet/closing/close-once.ts'
import type { FleetConfig } from '../../fleet/fleet-config.ts'
import { type FleetEngine, openEngine } from '../../fleet/fleet-engine.ts'
import { type Fleet, fleetOf } from '../../fleet/open-fleet.ts'
import {
  checkDeliveries,
  checkManagerOptions,
  type ManagerOptions,
  managerNames,
} from '../../ledger/manager-options.ts'
import { checkNames, type Names } from '../../vocabulary/check-names.ts'
import { closedError, configError } from '../../vocabulary/error-of.ts'
import { checkKey } from '../../vocabulary/key.ts'
import type { DeliveryEvent } from '../../vocabulary/manager.ts'
import { timerMilliseconds } from '../../vocabulary/milliseconds.ts'
import type { AlarmTime } from '../../vocabulary/time.ts'
import { alarmTable } from '../alarm-table.ts'
import { type DatabaseOptions, databaseNames, openDatabase } from '../database.ts'
import { type DueListener, deliverDue, type OpenDeliveries } from '../deliver-due.ts'
import { notifyOfDue } from '../due-channel.ts'
import { groupTurn } from '../group-turn.ts'
import { asRun } from '../handler-run.ts'
import { lenderOf } from '../lent-connections.ts'
import { operatorTable } from '../operator-table.ts'
import { delivererOf } from '../report-activity.ts'
import { type ChangeWork, fleetChanges } from './changes.ts'
import { elsewhere } from './fleet-errors.ts'
import { fleetRows, type RowCommit } from './fleet-rows.ts'
import { type Forward, forwardTo } from './forward.ts'
import { type Operation, type Request, workOf } from './operations.ts'
import { type Ownership, ownShards } from './own-shards.ts'
import { MOST_SHARDS, shardOf, shardOfRow } from './shard-of.ts'
import { shardTable } from './shard-table.ts'

/** What is to be done about an alarm that is due. */
export interface FleetDelivery {
  readonly key: string
  readonly scheduledTime: number
  /** which alarm of this actor it is, the same on each try: what an effect is keyed on */
  readonly id: string
  readonly retryCount: number
  readonly isRetry: boolean
}

/** Where the database is, what is done about alarms, and how this process takes part. */
export interface PostgresFleetOptions
  extends ManagerOptions,
    DatabaseOptions,
    Pick<FleetConfig, 'idleAfter' | 'maxActors'> {
  /** What is done when an alarm is due, by the process that owns the actor: completion is its end, an error has it tried again. */
  handler(delivery: FleetDelivery): ObservableInput<unknown>
  /** Called after the last counted retry; without it the alarm is kept as failed. */
  abandon?(key: string, scheduledTime: number): unknown
  /** changes that have a name, which `call` asks the process for that owns the actor: the same in all of them */
  readonly operations?: Readonly<Record<string, Operation>>
  /** how a request reaches another process: `forwardOverHttp()`, or a function of yours; without it `call` is refused where the actor is not owned here */
  readonly forward?: Forward
  /** parts that the actors are divided into, which processes own: the same for all of them, 1 to 65,536, and for good; default 1,024 */
  readonly shards?: number
  /** where others reach this process; what a change that is refused here says of it */
  readonly address?: string
  /** ms after which what a process owned that has died is free; default 10 s */
  readonly ownerLease?: number
  /** handlers at a time; default 100 */
  readonly concurrency?: number
  /** ms between looks for what is due; default 1 s */
  readonly pollInterval?: number
}

/** How this process stands. */
export interface FleetHealth {
  /** ms since the epoch */
  readonly at: number
  /** shards that it owns */
  readonly owned: number
  /** processes that share all of them */
  readonly processes: number
  /** what kept it from looking; `null`: nothing */
  readonly error: unknown
}

/** Many actors on many machines, whose state and alarms are in one PostgreSQL. */
export interface PostgresFleet extends Fleet, Closable {
  /**
   * Runs statements and commits them together with the alarm that they ask for, or nothing of either; resolves with what `work` returns when
   * that is durable. One at a time for an actor.
   *
   * Changes of different actors share a transaction, with a savepoint for each. Rejects with the error of `work`, and nothing of it has
   * changed; with `ALARM_FENCED` where another process owns the actor; with `ALARM_TRANSACTION_INVALID` where `work` ends the transaction,
   * calls `change`, or has not ended within `timeout`. Gotcha: `work` is called again where the server rolls it back, so it must do nothing
   * but SQL.
   */
  change<T>(key: string, work: ChangeWork<T>): Promise<T>
  /**
   * Does an operation where its actor is owned: here, or in another process, which `forward` asks; resolves with what it returns there.
   *
   * With an `id` it is done once, however often it is asked for, within a day; without one at most once: where it is not known whether another
   * process has done it, that is the error. Rejects as `change` does; with `ALARM_FENCED` where no process that has an address owns the actor.
   */
  call(key: string, operation: string, input?: unknown, options?: { readonly id?: string }): Promise<unknown>
  /** Does what another process asks for, if the actor is owned here; otherwise nothing (`ALARM_FENCED`). What `fleetHandler` calls. */
  serve(request: Request): Promise<unknown>
  /** what this process owns, from now on */
  readonly owned$: Observable<ReadonlySet<number>>
  /** How it stands, after each look. */
  readonly health$: Observable<FleetHealth>
  /** What becomes of deliveries. */
  readonly deliveries$: Observable<DeliveryEvent>
}

const REST = 50 // ms, doubled with each try
const BEAT = 1_000 // ms between reports; a third of a lease that is shorter than three of them

/**
 * Opens the actors of a database, of which this process owns a share: it alone delivers their alarms and changes them.
 *
 * An actor's alarm is in the row that is delivered from, so that its state, its alarm and what the manager has are one commit. Each commit
 * locks the shards that it is in: where they have another owner by then, it changes nothing (`ALARM_FENCED`).
 */
export async function postgresFleet(options: PostgresFleetOptions): Promise<PostgresFleet> {
  const { scheduler, lease, redact } = checkManagerOptions(options)
  checkNames('postgresFleet', options, names)
  const { handler, abandon, shards = 1_024, address = null, concurrency = 100 } = options
  const { operations = {}, forward } = options
  checkDeliveries(handler, { concurrency })
  if (!Number.isSafeInteger(shards) || shards < 1 || shards > MOST_SHARDS)
    throw configError('shards', `a whole number from 1 to ${MOST_SHARDS}`, shards)
  if (forward !== undefined && typeof forward !== 'function')
    throw configError('forward', 'a function of a request', forward)
  for (const [name, operation] of Object.entries(operations)) {
    if (typeof operation !== 'function')
      throw configError(
        `The operation ${name}`,
        'a function of a transaction, an alarm and an input',
        operation,
      )
  }
  if (address !== null && typeof address !== 'string') throw configError('address', 'a text', address)
  const ownerLease = timerMilliseconds('ownerLease', options.ownerLease ?? 10_000)
  const pollInterval = timerMilliseconds('pollInterval', options.pollInterval ?? 1_000)

  const db = openDatabase(options)
  const table = shardTable(db, { shards, address, lease: ownerLease })
  try {
    await table.prepare()
  } catch (error) {
    await db.close()
    throw error
  }
  const ofRow = shardOfRow(shards)
  const rows = fleetRows(
    db.schema,
    ofRow,
    (text, values) => db.query(text, values),
    () => ownership.process,
  )
  const operators = operatorTable(db)
  const alarms = alarmTable(db, lease + Math.max(250, Math.ceil(lease / 10)), {
    condition: `${ofRow} IN (SELECT id FROM ${db.schema}._nolater_shard WHERE owner = $4 AND id = ANY ($5::integer[]))`,
    values: () => [ownership.process, [...ownership.shards]],
  })
  const shardOfKey = (key: string): number => shardOf(key, shards)
  const renewed = new Map<string, AlarmTime>()
  const counts = new Map<number, number>()
  const open = new Set<OpenDeliveries>()
  const dueListeners = new Set<DueListener>()
  const own = crypto.randomUUID()
  const wakeOthers = notifyOfDue(db, scheduler, own)
  const events$ = new Subject<DeliveryEvent>()
  const health$ = new Subject<FleetHealth>()

  function announce(dueIn: number | null): void {
    if (dueIn !== null) for (const notify of dueListeners) notify(dueIn)
  }

  function epochOf(key: string): number {
    const epoch = ownership.epochOf(shardOfKey(key))
    if (epoch === null) throw elsewhere(key, null)
    return epoch
  }

  const loading = groupTurn(async (keys: readonly { readonly id: string }[]) =>
    rows.load(keys.map(({ id }) => id)),
  )
  const committing = groupTurn(async (all: readonly (RowCommit & { readonly id: string })[]) => {
    const committed = await rows.commit((text, values) => db.query(text, values), all)
    return committed.map(({ isOwn, dueIn }, i) => {
      if (!isOwn) return elsewhere((all[i] as RowCommit).key, null)
      announce(dueIn)
      return null
    })
  })

  async function commit(time: AlarmTime, key: string, epoch: number): Promise<void> {
    const shard = { id: shardOfKey(key), epoch }
    const count = (counts.get(shard.id) ?? 0) + 1
    counts.set(shard.id, count)
    const isNew = time !== null && renewed.get(key) === time
    renewed.delete(key)
    const asked: RowCommit = { key, time, shard, isNew, count }
    const shared = changes.commits.get(key)
    const refused =
      shared === undefined ? await committing.ask({ ...asked, id: key }) : await shared.ask(key, asked)
    if (refused !== null) throw refused
  }

  const engine = openEngine<string>({
    load: async (key) => {
      const epoch = epochOf(key)
      return { time: await loading.ask({ id: key }), epoch }
    },
    commit: (time, { key, epoch }) => commit(time, key, epoch),
    // The row that is delivered from is written by the commit.
    write(time, { key, move }) {
      if (move === 'earlier') renewed.set(key, time)
      return EMPTY
    },
    raise: async (least) => least,
    reconcile: false,
    scheduler,
    wallClock: true,
    ...(options.idleAfter !== undefined && { idleAfter: options.idleAfter }),
    ...(options.maxActors !== undefined && { maxActors: options.maxActors }),
  } as FleetConfig)
  // What another process owns is refused before it is loaded, and leaves nothing to back off from.
  const guarded: FleetEngine<string> = Object.assign(Object.create(engine), {
    use(key: string) {
      epochOf(checkKey(key))
      return engine.use(key)
    },
  })
  const fleet = fleetOf(guarded)
  const changes = fleetChanges(
    { db, rows, lender: lenderOf(db, scheduler), engine: guarded, scheduler, lease: ownerLease },
    shardOfKey,
  )

  const ownership: Ownership = ownShards(table, {
    shards,
    lease: ownerLease,
    scheduler,
    moving: {
      async taken(taken, before) {
        if (before.size > 0)
          await rows.free(
            [...before],
            taken.map(({ id }) => id),
          )
      },
      async leaving(ids) {
        await changes.idle(ids)
      },
      lost(ids) {
        for (const id of ids) counts.delete(id)
        engine.lose(
          (key) => ids.has(shardOfKey(key)),
          (key) => elsewhere(key, null),
        )
      },
      owned: () => announce(0),
    },
  })

  const beat$ = defer(async () => {
    let error: unknown = null
    try {
      await ownership.look()
    } catch (failure) {
      error = failure
    }
    health$.next({ at: scheduler.now(), owned: ownership.shards.size, processes: ownership.processes, error })
  })
  const beats = timer(0, Math.min(BEAT, ownerLease / 3), scheduler)
    .pipe(exhaustMap(() => beat$))
    .subscribe()

  const delivered$ = ownership.process$.pipe(
    switchMap((process) =>
      deliverDue(
        {
          db,
          own,
          table: alarms,
          operators,
          redact,
          scheduler,
          lease,
          pollInterval,
          open,
          dueListeners,
          announce,
          wakeOthers,
          deliverer: delivererOf(process),
        },
        ({ key, scheduledTime, fence, retryCount }) => {
          const id = `${fence}-${scheduledTime}`
          return asRun('The handler', undefined, () =>
            fleet.deliver({ key, scheduledTime, retryCount, id } as never, () =>
              handler({ key, scheduledTime, id, retryCount, isRetry: retryCount > 0 }),
            ),
          )
        },
        {
          concurrency,
          ...(abandon !== undefined && {
            abandon: async (key: string, time: number) => {
              await abandon(key, time)
              return await fleet.abandon(key, time)
            },
          }),
        },
      ),
    ),
  )
  const delivering: Subscription = delivered$.subscribe(events$)

  const flush = (): Observable<never> =>
    new Observable((subscriber) => {
      const end = async (): Promise<void> => {
        await Promise.all([...open].map((deliveries) => deliveries.drain()))
        changes.cut(closedError(''))
        await changes.idle()
      }
      end().then(
        () => {
          engine.refuse()
          subscriber.add(engine.flush().subscribe(subscriber))
        },
        (error) => subscriber.error(error),
      )
    })

  async function change<T>(key: string, work: ChangeWork<T>): Promise<T> {
    if (typeof work !== 'function')
      throw configError('What changes an actor', 'a function of its transaction', work)
    epochOf(checkKey(key))
    return changes.change(key, work)
  }

  const serve = async (request: Request): Promise<unknown> =>
    change(request.key, workOf(operations, db.schema, request))

  async function call(
    key: string,
    operation: string,
    input: unknown = null,
    { id }: { readonly id?: string } = {},
  ): Promise<unknown> {
    const request: Request = { key: checkKey(key), operation, input, ...(id !== undefined && { id }) }
    const work = workOf(operations, db.schema, request) // one that has no name here has none there
    if (ownership.epochOf(shardOfKey(key)) !== null || forward === undefined) return change(key, work)
    return forwardTo(
      request,
      forward,
      async () => (await table.ownerOf(shardOfKey(key)))?.address ?? null,
      async (tries) => {
        await firstValueFrom(timer(REST * 2 ** tries, scheduler))
      },
    )
  }

  return Object.assign(Object.create(fleet), {
    change,
    call,
    serve,
    owned$: ownership.owned$,
    health$: health$.asObservable(),
    deliveries$: events$.asObservable(),
    ...closable(flush, async () => {
      delivering.unsubscribe()
      beats.unsubscribe()
      await ownership.leave()
      engine.close()
      health$.complete()
      await db.close()
    }),
  })
}

const names: Names<PostgresFleetOptions> = {
  ...managerNames,
  ...databaseNames,
  handler: true,
  abandon: true,
  operations: true,
  forward: true,
  shards: true,
  address: true,
  ownerLease: true,
  concurrency: true,
  pollInterval: true,
  idleAfter: true,
  maxActors: true,
}
