import { EMPTY, type ObservableInput } from 'rxjs'
import { checkOperations } from '../changes/operations.ts'
import {
  checkDeliveries,
  checkManagerOptions,
  type ManagerOptions,
  managerNames,
} from '../ledger/manager-options.ts'
import { checkNames, type Names } from '../vocabulary/check-names.ts'
import { timerMilliseconds } from '../vocabulary/milliseconds.ts'
import type { ActorOperation, FleetDelivery } from './actor-fleet.ts'
import { checkFleetConfig, type FleetConfig } from './fleet-config.ts'

/** What every fleet is given beside its database; `Tx` is what changes do their statements on. */
export interface ActorFleetOptions<Tx> extends ManagerOptions, Pick<FleetConfig, 'idleAfter' | 'maxActors'> {
  /** What is done when an alarm is due, by the process that owns the actor: completion is its end, an error has it tried again. */
  handler(delivery: FleetDelivery): ObservableInput<unknown>
  /** Called after the last counted retry; without it the alarm is kept as failed. */
  abandon?(key: string, scheduledTime: number): unknown
  /** changes that have a name, by which `call` asks the process for them that owns the actor: the same in all of them */
  readonly operations?: Readonly<Record<string, ActorOperation<Tx>>>
  /** handlers at a time; default 100 */
  readonly concurrency?: number
  /** ms between looks for what is due; default 1 s */
  readonly pollInterval?: number
}

export const actorFleetNames: Names<ActorFleetOptions<never>> = {
  ...managerNames,
  handler: true,
  abandon: true,
  operations: true,
  concurrency: true,
  pollInterval: true,
  idleAfter: true,
  maxActors: true,
}

/** The options of `fleet` with what they leave out of these; `names` are all of its own. Throws `ALARM_CONFIG_INVALID`. */
export function checkActorFleetOptions<Tx, Options extends ActorFleetOptions<Tx>>(
  fleet: string,
  options: Options & ActorFleetOptions<Tx>,
  names: Names<Options>,
) {
  const manager = checkManagerOptions(options)
  checkNames<Options>(fleet, options, names as Names<NonNullable<Options>>)
  const { handler, abandon, operations = {}, concurrency = 100, idleAfter, maxActors } = options
  checkDeliveries(handler, { concurrency, ...(abandon !== undefined && { abandon: abandon as never }) })
  checkOperations(operations)
  const limits = {
    ...(idleAfter !== undefined && { idleAfter }),
    ...(maxActors !== undefined && { maxActors }),
  }
  checkFleetConfig({ ...limits, load: () => EMPTY, commit: () => EMPTY, write: () => EMPTY })
  const pollInterval = timerMilliseconds('pollInterval', options.pollInterval ?? 1_000)
  return { ...manager, handler, abandon, operations, concurrency, pollInterval, limits }
}
