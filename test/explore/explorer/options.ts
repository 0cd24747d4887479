import { type Alarm, type AlarmConfig, type AlarmTime, openAlarm } from '../../../src/index.ts'
import { rowAlarm } from '../../../src/postgres/fleet/row-alarm.ts'
import { checkNames, type Names } from '../../../src/vocabulary/check-names.ts'
import type { EngineOptions } from './engine.ts'
import type { Asking } from './moves.ts'
import { soundWorld, type WorldRules } from './outside.ts'
import { type EngineRecord, readRecord } from './record.ts'
import type { Budget } from './world.ts'

/** How far to explore, and what. */
export interface ExploreOptions {
  /** the engine; default the real one */
  readonly openAlarm?: (config: AlarmConfig) => Alarm
  /** what the engine's future depends on, for an engine whose record is another than ours */
  readonly readRecord?: (alarm: Alarm) => EngineRecord
  /** that many, of any values; or these, in this order; default 2 */
  readonly intents?: number | readonly AlarmTime[]
  /** the times that may be set are 1 to this; default 3 */
  readonly times?: number
  /** what else may be asked: intents with `allowUnconfirmed`, or `touch()`; default nothing */
  readonly also?: readonly ('unconfirmed' | 'touch')[]
  /** default 1 each */
  readonly wakes?: number
  readonly failures?: number
  readonly crashes?: number
  readonly late?: number
  /** handlers that fail for the last time; default 0 */
  readonly abandons?: number
  /** the alarms that the store and the manager hold in the beginning, one after the other; default none, and 2 */
  readonly alarms?: readonly AlarmTime[]
  /** default true, as `openAlarm`'s */
  readonly reconcile?: boolean
  /** calls that complete before they return; default none */
  readonly synchronous?: readonly ('commit' | 'write')[]
  /** steps are taken again by other ways, which must end alike; default true. A search for a fault that was put in can do without */
  readonly audits?: boolean
  /** what a commit leaves where there is one copy, for one that is broken on purpose */
  readonly rowAlarm?: typeof rowAlarm
  /** faults of the store and the manager, put in on purpose */
  readonly world?: Partial<WorldRules>
}

/** The options with what they leave out. */
export interface Bounds extends EngineOptions {
  readonly asking: Asking
  readonly left: Budget
  readonly alarms: readonly AlarmTime[]
  readonly rules: WorldRules
}

const names: Names<ExploreOptions> = {
  openAlarm: true,
  readRecord: true,
  intents: true,
  times: true,
  also: true,
  wakes: true,
  failures: true,
  crashes: true,
  late: true,
  abandons: true,
  alarms: true,
  reconcile: true,
  synchronous: true,
  audits: true,
  rowAlarm: true,
  world: true,
}

export function boundsOf(options: ExploreOptions): Bounds {
  checkNames('What is explored', options, names)
  const {
    intents = 2,
    times = 3,
    also = [],
    wakes = 1,
    failures = 1,
    crashes = 1,
    late = 1,
    abandons = 0,
  } = options
  const rules = { ...soundWorld, ...options.world }
  const { oneCopy } = rules
  const holdsDeliveries = oneCopy && rules.holdsDeliveries
  const count = typeof intents === 'number' ? intents : intents.length
  return {
    openAlarm: options.openAlarm ?? openAlarm,
    readRecord: options.readRecord ?? readRecord,
    reconcile: options.reconcile ?? true,
    synchronous: options.synchronous ?? [],
    oneCopy,
    rowAlarm: options.rowAlarm ?? rowAlarm,
    asking: { holdsDeliveries, ...(typeof intents === 'number' ? { times, also } : { list: intents }) },
    left: { intents: count, wakes, failures, crashes, late, abandons },
    alarms: options.alarms ?? [null, 2],
    rules,
  }
}
