import type { ClientBase } from 'pg'
import {
  type ActorFleetOptions,
  actorFleetNames,
  checkActorFleetOptions,
} from '../../fleet/actor-fleet-options.ts'
import type { Names } from '../../vocabulary/check-names.ts'
import { configError } from '../../vocabulary/error-of.ts'
import { timerMilliseconds } from '../../vocabulary/milliseconds.ts'
import { type DatabaseOptions, databaseNames } from '../database.ts'
import type { Forward } from './forward.ts'
import { MOST_SHARDS } from './shard-of.ts'

/** Where the database is, what is done about alarms, and how this process takes part. */
export interface PostgresFleetOptions extends ActorFleetOptions<ClientBase>, DatabaseOptions {
  /** how a request reaches another process: `forwardOverHttp()`, or a function of yours; without it `call` is refused where the actor is not owned here */
  readonly forward?: Forward
  /** parts that the actors are divided into, which processes own: the same for all of them, 1 to 65,536, and for good; default 1,024 */
  readonly shards?: number
  /** where others reach this process; what a change that is refused elsewhere says of it */
  readonly address?: string
  /** ms after which what a process owned that has died is free, by the clock of the database; default 10 s */
  readonly ownerLease?: number
}

const LEAST_LEASE = 1_000

/** The options with what they leave out. Throws `ALARM_CONFIG_INVALID`. */
export function checkFleetOptions(options: PostgresFleetOptions) {
  const checked = checkActorFleetOptions<ClientBase, PostgresFleetOptions>('postgresFleet', options, names)
  const { shards = 1_024, address = null, forward } = options
  if (!Number.isSafeInteger(shards) || shards < 1 || shards > MOST_SHARDS)
    throw configError('shards', `a whole number from 1 to ${MOST_SHARDS}`, shards)
  if (forward !== undefined && typeof forward !== 'function')
    throw configError('forward', 'a function of a request', forward)
  if (address !== null && typeof address !== 'string') throw configError('address', 'a text', address)
  const ownerLease = timerMilliseconds('ownerLease', options.ownerLease ?? 10_000)
  if (ownerLease < LEAST_LEASE) throw configError('ownerLease', `${LEAST_LEASE} ms or more`, ownerLease)
  return { ...checked, ownerLease, shards, address, forward }
}

const names: Names<PostgresFleetOptions> = {
  ...actorFleetNames,
  ...databaseNames,
  forward: true,
  shards: true,
  address: true,
  ownerLease: true,
}
