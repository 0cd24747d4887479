import type { FleetTransaction } from '../../fleet/actor-fleet.ts'
import {
  type ActorFleetOptions,
  actorFleetNames,
  checkActorFleetOptions,
} from '../../fleet/actor-fleet-options.ts'
import type { Names } from '../../vocabulary/check-names.ts'
import { timerMilliseconds } from '../../vocabulary/milliseconds.ts'
import { BUSY_TIMEOUT } from '../connect.ts'

/** Where the files are, and what is done about alarms. */
export interface SqliteFleetOptions extends ActorFleetOptions<FleetTransaction> {
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
}

/** The options with what they leave out. Throws `ALARM_CONFIG_INVALID`. */
export function checkFleetOptions(options: SqliteFleetOptions) {
  const checked = checkActorFleetOptions<FleetTransaction, SqliteFleetOptions>('sqliteFleet', options, names)
  const { file, managerFile = besides(file) } = options
  return {
    ...checked,
    file,
    managerFile,
    timeout: timerMilliseconds('timeout', options.timeout ?? 4_000),
    busyTimeout: timerMilliseconds('busyTimeout', options.busyTimeout ?? BUSY_TIMEOUT),
  }
}

/** As SQLite names what belongs to a file. */
function besides(file: string): string {
  if (typeof file !== 'string' || file === ':memory:') return file // which opening it refuses
  return file.startsWith('file:') ? file.replace(/(?=[?#]|$)/, '-alarms') : `${file}-alarms`
}

const names: Names<SqliteFleetOptions> = {
  ...actorFleetNames,
  file: true,
  managerFile: true,
  timeout: true,
  busyTimeout: true,
}
