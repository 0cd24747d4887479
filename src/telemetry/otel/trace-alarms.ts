import type { Meter, Tracer } from '@opentelemetry/api'
import { defer, finalize, type MonoTypeOperatorFunction, tap } from 'rxjs'
import type { AlarmEvent } from '../../vocabulary/event.ts'
import { type AlarmListener, followAlarms, neverThrowing } from './follow-alarms.ts'
import { measureAlarms } from './measure-alarms.ts'
import { neverThrows } from './never-throws.ts'
import { spanAlarms } from './span-alarms.ts'
import { checkTracing } from './tracing.ts'

/** Where `traceAlarms` reports to: a meter, a tracer or both. */
export interface AlarmTracing {
  readonly meter?: Meter
  readonly tracer?: Tracer
  /**
   * Puts the actor's key on spans, or on metrics too, which makes a time series an actor, and none before something happens to it; default
   * neither.
   */
  readonly key?: 'spans' | 'spans and metrics'
}

/**
 * Reports what happens to alarms to OpenTelemetry, and passes it on untouched.
 *
 * ```
 * events  --a--b--c--|
 *         traceAlarms({ meter, tracer })
 * result  --a--b--c--|      metrics and spans are what is seen elsewhere
 * ```
 *
 * Takes the events of one alarm or of many in one stream. What it keeps of an actor is dropped when that is drained; what is still open
 * when the stream ends is closed. The instruments are made once, here, so make the operator once and use it for every alarm: what they
 * count is exported from then on, at 0 first. docs/telemetry.md has each metric with its unit (durations in seconds), and each span.
 *
 * Errors: `ALARM_CONFIG_INVALID` for neither a meter nor a tracer, here and at once. After that nothing that a meter or tracer throws reaches
 * the stream: it goes to OpenTelemetry's `diag`.
 *
 * Gotcha: subscribe it as long as the alarm lives. What happened before is not counted, and a gauge counts only what it saw begin.
 *
 * ```ts
 * import { metrics, trace } from '@opentelemetry/api'
 * import { openAlarm } from 'nolater'
 * import { traceAlarms } from 'nolater/otel'
 *
 * const traced = traceAlarms({ meter: metrics.getMeter('nolater'), tracer: trace.getTracer('nolater') })
 * const alarm = openAlarm({ commit: () => [], write: () => [] })
 * alarm.events$.pipe(traced).subscribe()
 * ```
 */
export function traceAlarms<Event extends AlarmEvent = AlarmEvent>(
  tracing: AlarmTracing,
): MonoTypeOperatorFunction<Event> {
  checkTracing('traceAlarms', tracing, ['meter', 'tracer'])
  const { meter, tracer, key } = tracing
  const listeners = [
    meter && neverThrows(() => measureAlarms(meter, key === 'spans and metrics')),
    tracer && neverThrows(() => spanAlarms(tracer, key !== undefined)),
  ]
    .filter((listener): listener is AlarmListener => listener !== undefined)
    .map(neverThrowing)
  return (events$) =>
    defer(() => {
      const stories = listeners.map(followAlarms)
      return events$.pipe(
        tap((event) => {
          for (const story of stories) story.next(event)
        }),
        finalize(() => {
          for (const story of stories) story.close()
        }),
      )
    })
}
