import { checkNames } from '../../vocabulary/check-names.ts'
import { configError } from '../../vocabulary/error-of.ts'

const makers = { meter: 'createHistogram', tracer: 'startSpan' } as const

/** Refuses what cannot report anything: a provider instead of its meter, say. */
export function checkTracing(what: string, tracing: object, allowed: readonly ('meter' | 'tracer')[]): void {
  const given = Object(tracing) as Record<string, unknown>
  for (const name of allowed) {
    const method = makers[name]
    const it = given[name]
    if (it === undefined) continue
    if (typeof (Object(it) as Record<string, unknown>)[method] !== 'function') {
      throw configError(`${name} of ${what}`, `a ${name} of @opentelemetry/api, with ${method}()`, it)
    }
  }
  if (allowed.every((name) => given[name] === undefined)) {
    throw configError(`What ${what} is given`, `an object with ${allowed.join(' or ')}`, tracing)
  }
  const names = allowed.length === 1 ? allowed : [...allowed, 'key']
  checkNames(what, given, Object.fromEntries(names.map((name) => [name, true as const])))
  const { key } = given
  if (key !== undefined && key !== 'spans' && key !== 'spans and metrics') {
    throw configError(`key of ${what}`, "'spans', 'spans and metrics' or left out", key)
  }
}
