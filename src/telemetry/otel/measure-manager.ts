import type { Meter } from '@opentelemetry/api'
import { asyncScheduler, type SchedulerLike, Subscription } from 'rxjs'
import { checkNames, type Names } from '../../vocabulary/check-names.ts'
import { configError } from '../../vocabulary/error-of.ts'
import type { AlarmManager } from '../../vocabulary/manager.ts'
import { timerMilliseconds } from '../../vocabulary/milliseconds.ts'
import { askInTime } from './ask-in-time.ts'
import { neverThrows } from './never-throws.ts'
import { observeManager } from './observe-manager.ts'
import { checkTracing } from './tracing.ts'

/** Where `measureManager` reports to, and how long it waits. */
export interface ManagerMeasuring {
  readonly meter: Meter
  /** which manager it is, as the attribute `nolater.manager.name`: where a meter has more than one; default none */
  readonly name?: string
  /** ms that a collection waits for the manager, which must be less than its reader waits; default 5,000 */
  readonly timeout?: number
  /** the timer of that; default asyncScheduler */
  readonly scheduler?: SchedulerLike
}

const names: Names<ManagerMeasuring> = { meter: true, name: true, timeout: true, scheduler: true }

/**
 * Reports how a manager stands to OpenTelemetry, at each collection of metrics: also when nothing happens, and when nothing delivers.
 *
 * How many alarms are in each state, for how many seconds the oldest is overdue, how many deliverers are live, how many pauses stand: one
 * call of `stats()` for a collection, and never two at a time. docs/telemetry.md has each metric, a dashboard and alert rules.
 *
 * Where `stats()` fails, or has not answered within `timeout` ms, nothing is observed, `nolater.manager.stats.failures` counts it, and
 * `nolater.manager.answering` is 0. The error goes to OpenTelemetry's `diag`; other metrics are collected as ever. Unsubscribing ends it.
 *
 * Errors: `ALARM_CONFIG_INVALID` for a manager without `stats`, no meter, an empty `name`, a `timeout` that is no whole number of ms; at once.
 *
 * Gotchas: every process that measures the same manager reports the same, so take the greatest and not the sum. Two managers on one meter
 * need a `name` each, or one overwrites the other. A call that never ends is never made again. The SDK for JavaScript goes on exporting
 * what was observed last where it is cumulative: it is old while `nolater.manager.answering` is 0.
 *
 * ```ts
 * import { metrics } from '@opentelemetry/api'
 * import { memoryManager } from 'nolater'
 * import { measureManager } from 'nolater/otel'
 *
 * const measured = measureManager(memoryManager(), { meter: metrics.getMeter('nolater') })
 * measured.unsubscribe()
 * ```
 */
export function measureManager(
  manager: Required<Pick<AlarmManager, 'stats'>>,
  measuring: ManagerMeasuring,
): Subscription {
  const { meter, name, timeout = 5_000, scheduler = asyncScheduler } = checkMeasuring(manager, measuring)
  const ask = askInTime(() => manager.stats(), timerMilliseconds('timeout', timeout), scheduler)
  const own = name === undefined ? {} : { 'nolater.manager.name': name }
  const measured = new Subscription()
  neverThrows(() => observeManager(meter, own, ask, measured))
  return measured
}

function checkMeasuring(manager: unknown, measuring: ManagerMeasuring): ManagerMeasuring {
  const { meter, name } = Object(measuring) as Partial<ManagerMeasuring>
  checkTracing('measureManager', { meter }, ['meter'])
  checkNames('measureManager', measuring, names)
  if (typeof (Object(manager) as Partial<AlarmManager>).stats !== 'function') {
    throw configError('The manager of measureManager', 'one that has stats()', manager)
  }
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw configError('name of measureManager', 'a string that is not empty, or left out', name)
  }
  return measuring
}
