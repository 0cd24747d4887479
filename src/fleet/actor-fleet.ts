import type { Observable } from 'rxjs'
import type { DeliveryEvent } from '../vocabulary/manager.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import type { Closable } from './closing/close-once.ts'
import type { Fleet } from './open-fleet.ts'

/** What the statements of a change are done on, in code that is to run on SQLite and on PostgreSQL: a client of pg is one. */
export interface FleetTransaction {
  /** Runs one statement; its parameters are $1, $2 and so on. Values come back in the types of the database. */
  query(
    text: string,
    values?: unknown[],
    // biome-ignore lint/suspicious/noExplicitAny: a row is what the statement makes of it, as for pg
  ): Promise<{ readonly rows: any[]; readonly rowCount: number | null }>
}

/** What the function of a change asks of the alarm; it belongs to the change. */
export interface ChangedAlarm {
  /** of the actor */
  readonly key: string
  /** what stands, or was asked in this change */
  readonly time: AlarmTime
  set(time: number | Date): void
  setIn(ms: number): void
  delete(): void
}

/** What a change does: statements on `tx`, and what it asks of the alarm. Its end is waited for, and nothing that it has not awaited. */
export type ActorChange<T, Tx = FleetTransaction> = (tx: Tx, alarm: ChangedAlarm) => T | PromiseLike<T>

/** A change that has a name, by which `call` asks for it. What it is given and what it returns are JSON. */
export type ActorOperation<Tx = FleetTransaction> = (tx: Tx, alarm: ChangedAlarm, input: never) => unknown

/** A change that is asked for by its name. */
export interface FleetRequest {
  readonly key: string
  readonly operation: string
  readonly input: unknown
  /** by which it is done once for its actor, however often it is asked for; forgotten after a day */
  readonly id?: string
}

/** What is to be done about an alarm that is due. */
export interface FleetDelivery {
  readonly key: string
  readonly scheduledTime: number
  /** which alarm of this actor it is, the same on each try: what an effect is keyed on */
  readonly id: string
  readonly retryCount: number
  readonly isRetry: boolean
}

/** How a process of a fleet stands. */
export interface FleetHealth {
  /** ms since the epoch */
  readonly at: number
  /** shards that it owns */
  readonly owned: number
  /** processes that share all of them */
  readonly processes: number
  /** when it looked for what is due last, ms since the epoch; `null`: it has not yet */
  readonly lookedAt: number | null
  /** ms since the oldest of its alarms was due that no handler has; `null`: none is */
  readonly overdue: number | null
  /** ms after its time of the alarm that came latest, of those since the health before this one; `null`: none came */
  readonly lag: number | null
  /** what keeps it from owning its shards, or from delivering; `null`: nothing does */
  readonly error: unknown
}

/**
 * Many actors whose state and alarms are in one database: `sqliteFleet` is one over files, `postgresFleet` over a server. `Tx` is what
 * changes do their statements on.
 */
export interface ActorFleet<Tx = FleetTransaction>
  extends Pick<Fleet, 'actor' | 'events$' | 'pressure' | 'drained'>,
    Closable {
  /**
   * Runs statements and commits them together with the alarm that they ask for, or nothing of either; resolves with what `work` returns when
   * that is durable. One at a time for an actor, in the order in which they were asked for.
   *
   * Rejects with the error of `work`, and nothing of it has changed; with `ALARM_FENCED` where the actor is owned elsewhere; with
   * `ALARM_TRANSACTION_INVALID` where `work` begins or ends a transaction, calls `change`, or has not ended within `timeout`; with
   * `ALARM_TIMEOUT` where its turn has not come, or its actor was not loaded, within that. Gotcha: `work` may be called again where its transaction was rolled back, so it must
   * do nothing but SQL.
   */
  change<T>(key: string, work: ActorChange<T, Tx>): Promise<T>
  /**
   * Does an operation of the options where its actor is owned; resolves with what it returns, as JSON has it. With an `id` it is done once,
   * however often it is asked for, within a day. Rejects as `change` does; with
   * `ALARM_VALUE_INVALID` where what it is given, or returns, is not JSON.
   */
  call(key: string, operation: string, input?: unknown, options?: { readonly id?: string }): Promise<unknown>
  /** Does what another process asks for, if the actor is owned here; otherwise nothing (`ALARM_FENCED`). */
  serve(request: FleetRequest & { readonly owner?: string }): Promise<unknown>
  /** the shards that this process owns, from now on */
  readonly owned$: Observable<ReadonlySet<number>>
  /** How it stands, once a second. */
  readonly health$: Observable<FleetHealth>
  /** What becomes of deliveries. */
  readonly deliveries$: Observable<DeliveryEvent>
  /**
   * Lets those that are asked for and the handlers at work end, and lets go of the database; resolves then. Takes nothing from here on
   * (`ALARM_CLOSED`).
   */
  close(): Promise<void>
}
