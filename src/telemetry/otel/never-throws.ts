import { diag } from '@opentelemetry/api'

/** Runs what only watches. What it throws goes to OpenTelemetry's own diagnostics and no further. */
export function neverThrows<T>(watch: () => T): T | undefined {
  try {
    return watch()
  } catch (error) {
    report('a meter, a tracer or what is behind it threw; the alarm goes on', error)
    return undefined
  }
}

/** Writes to OpenTelemetry's own diagnostics, whose logger may throw, too. */
export function report(what: string, error: unknown): void {
  try {
    diag.error(`nolater/otel: ${what}`, error)
  } catch {}
}
