import type { Attributes, Meter } from '@opentelemetry/api'
import { type MonoTypeOperatorFunction, tap } from 'rxjs'
import type { DeliveryEvent } from '../../vocabulary/manager.ts'
import { failedWith } from './attributes.ts'
import { deliveryInstruments } from './instruments.ts'
import { neverThrows } from './never-throws.ts'
import { startAtZero } from './start-at-zero.ts'
import { checkTracing } from './tracing.ts'

/**
 * Reports the deliveries of a manager to OpenTelemetry, and passes them on untouched.
 *
 * ```
 * deliveries  --a--b--c--|
 *             traceDeliveries({ meter })
 * result      --a--b--c--|
 * ```
 *
 * It knows what the actor does not: how late a delivery is after its back-off, or after the lease of the one before (seconds), and
 * which ones expired, were abandoned, or were given up and kept as failed. What it counts is exported from here on, at 0 first. It keeps no
 * state, and what the meter throws goes to OpenTelemetry's `diag`.
 *
 * Errors: `ALARM_CONFIG_INVALID` without a meter, here and at once.
 *
 * ```ts
 * import { metrics } from '@opentelemetry/api'
 * import { memoryManager } from 'nolater'
 * import { traceDeliveries } from 'nolater/otel'
 *
 * const meter = metrics.getMeter('nolater')
 * memoryManager().deliveries(() => []).pipe(traceDeliveries({ meter })).subscribe()
 * ```
 */
export function traceDeliveries<Event extends DeliveryEvent = DeliveryEvent>(tracing: {
  readonly meter: Meter
}): MonoTypeOperatorFunction<Event> {
  checkTracing('traceDeliveries', tracing, ['meter'])
  const to = neverThrows(() => deliveryInstruments(tracing.meter))
  if (to !== undefined) exportFromStart(to)
  return tap((event) => neverThrows(() => to && tell(to, event)))
}

function failureOf(event: DeliveryEvent): Attributes {
  if (event.kind === 'failed') return failedWith(event.error)
  return event.kind === 'given-up' && event.lastError !== null ? { 'error.type': event.lastError.name } : {}
}

function tell(to: ReturnType<typeof deliveryInstruments>, event: DeliveryEvent): void {
  const { lag, deliveries, stalls, stallTime } = to
  if (event.kind === 'delivered') {
    lag.record(Math.max(0, event.lateness) / 1000)
  } else if (event.kind === 'stalled') {
    stalls.add(1, failedWith(event.error))
  } else if (event.kind === 'resumed') {
    stallTime.record(event.stalledFor / 1000)
  } else {
    deliveries.add(1, { 'nolater.outcome': event.kind, ...failureOf(event) })
  }
}

type Outcome = Exclude<DeliveryEvent['kind'], 'delivered' | 'stalled' | 'resumed'>

/** How a delivery can end. */
const outcomes: Readonly<Record<Outcome, true>> = {
  done: true,
  failed: true,
  expired: true,
  abandoned: true,
  'given-up': true,
}

/** All that is counted is there from the start, at 0; what it will fail with is not known. */
function exportFromStart({ deliveries, stalls }: ReturnType<typeof deliveryInstruments>): void {
  startAtZero(deliveries, ...Object.keys(outcomes).map((outcome) => ({ 'nolater.outcome': outcome })))
  startAtZero(stalls)
}
