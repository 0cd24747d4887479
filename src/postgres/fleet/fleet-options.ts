import type { ObservableInput } from 'rxjs'
import type { FleetDelivery } from '../../fleet/actor-fleet.ts'
import type { FleetConfig } from '../../fleet/fleet-config.ts'
import {
  checkDeliveries,
  checkManagerOptions,
  type ManagerOptions,
  managerNames,
} from '../../ledger/manager-options.ts'
import { checkNames, type Names } from '../../vocabulary/check-names.ts'
import { configError } from '../../vocabulary/error-of.ts'
import { timerMilliseconds } from '../../vocabulary/milliseconds.ts'
import { type DatabaseOptions, databaseNames } from '../database.ts'
import type { Forward } from './forward.ts'
import { checkOperations, type Operation } from './operations.ts'
import { MOST_SHARDS } from './shard-of.ts'

export type { FleetDelivery } from '../../fleet/actor-fleet.ts'

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
  /** where others reach this process; what a change that is refused elsewhere says of it */
  readonly address?: string
  /** ms after which what a process owned that has died is free, by the clock of the database; default 10 s */
  readonly ownerLease?: number
  /** handlers at a time; default 100 */
  readonly concurrency?: number
  /** ms between looks for what is due; default 1 s */
  readonly pollInterval?: number
}

const LEAST_LEASE = 1_000

/** The options with what they leave out. Throws `ALARM_CONFIG_INVALID`. */
export function checkFleetOptions(options: PostgresFleetOptions) {
  const manager = checkManagerOptions(options)
  checkNames('postgresFleet', options, names)
  const { handler, shards = 1_024, address = null, concurrency = 100, operations = {}, forward } = options
  checkDeliveries(handler, { concurrency })
  if (!Number.isSafeInteger(shards) || shards < 1 || shards > MOST_SHARDS)
    throw configError('shards', `a whole number from 1 to ${MOST_SHARDS}`, shards)
  if (forward !== undefined && typeof forward !== 'function')
    throw configError('forward', 'a function of a request', forward)
  if (address !== null && typeof address !== 'string') throw configError('address', 'a text', address)
  checkOperations(operations)
  const ownerLease = timerMilliseconds('ownerLease', options.ownerLease ?? 10_000)
  if (ownerLease < LEAST_LEASE) throw configError('ownerLease', `${LEAST_LEASE} ms or more`, ownerLease)
  const pollInterval = timerMilliseconds('pollInterval', options.pollInterval ?? 1_000)
  return { ...manager, ownerLease, pollInterval, shards, address, concurrency, operations, forward }
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
