import { EMPTY } from 'rxjs'
import type { ActorFleetOptions, FleetTransaction } from '../../fleet/actor-fleet.ts'
import { checkFleetConfig, type FleetConfig } from '../../fleet/fleet-config.ts'
import {
  checkDeliveries,
  checkManagerOptions,
  type ManagerOptions,
  managerNames,
} from '../../ledger/manager-options.ts'
import { checkNames, type Names } from '../../vocabulary/check-names.ts'
import { timerMilliseconds } from '../../vocabulary/milliseconds.ts'
import { BUSY_TIMEOUT } from '../connect.ts'
import { checkOperations } from './operations.ts'

/** Where the files are, and what is done about alarms. */
export interface SqliteFleetOptions
  extends ManagerOptions,
    ActorFleetOptions<FleetTransaction>,
    Pick<FleetConfig, 'idleAfter' | 'maxActors'> {
  /** the database of all the actors and of your tables, as that of `sqliteStores`; made if it is not there, in a directory that is */
  readonly file: string
  /** that of their manager, as that of `sqliteManager`; default: beside it, `actors.db-alarms` of `actors.db`. For `npx nolater` it is the one to name */
  readonly managerFile?: string
  /**
   * ms that a change may take, and may wait for those before it; default 4 s. The file is locked until then, for all else in it and for other
   * processes
   */
  readonly timeout?: number
  /** ms to wait for another process's lock before `ALARM_STORAGE_LOCKED`; default 5 s. The thread waits only while the files are opened */
  readonly busyTimeout?: number
  /** handlers at a time; default 100 */
  readonly concurrency?: number
  /** ms between looks at what other processes wrote; default 1 s */
  readonly pollInterval?: number
}

/** The options with what they leave out. Throws `ALARM_CONFIG_INVALID`. */
export function checkFleetOptions(options: SqliteFleetOptions) {
  const manager = checkManagerOptions(options)
  checkNames('sqliteFleet', options, names)
  const { file, managerFile = besides(file), handler, abandon, operations = {}, concurrency = 100 } = options
  const { idleAfter, maxActors } = options
  checkDeliveries(handler, { concurrency, ...(abandon !== undefined && { abandon: abandon as never }) })
  checkOperations(operations)
  const limits = {
    ...(idleAfter !== undefined && { idleAfter }),
    ...(maxActors !== undefined && { maxActors }),
  }
  checkFleetConfig({ ...limits, load: () => EMPTY, commit: () => EMPTY, write: () => EMPTY })
  return {
    ...manager,
    file,
    managerFile,
    timeout: timerMilliseconds('timeout', options.timeout ?? 4_000),
    busyTimeout: timerMilliseconds('busyTimeout', options.busyTimeout ?? BUSY_TIMEOUT),
    pollInterval: timerMilliseconds('pollInterval', options.pollInterval ?? 1_000),
    concurrency,
    handler,
    abandon,
    operations,
    limits,
  }
}

/** As SQLite names what belongs to a file. */
function besides(file: string): string {
  if (typeof file !== 'string' || file === ':memory:') return file // which opening it refuses
  return file.startsWith('file:') ? file.replace(/(?=[?#]|$)/, '-alarms') : `${file}-alarms`
}

const names: Names<SqliteFleetOptions> = {
  ...managerNames,
  file: true,
  managerFile: true,
  timeout: true,
  busyTimeout: true,
  handler: true,
  abandon: true,
  operations: true,
  concurrency: true,
  pollInterval: true,
  idleAfter: true,
  maxActors: true,
}
