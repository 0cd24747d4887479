import { diag } from '@opentelemetry/api'

/** Runs what only watches. What it throws goes to OpenTelemetry's own diagnostics and no further. */
export function neverThrows<T>(watch: () => T): T | undefined {
  try {
    return watch()
  } catch (error) {
    try {
      diag.error('nolater/otel: a meter, a tracer or what is behind it threw; the alarm goes on', error)
    } catch {}
    return undefined
  }
}
