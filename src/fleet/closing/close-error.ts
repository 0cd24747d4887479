import { AlarmError } from '../../vocabulary/errors.ts'
import { listed, reason } from '../../vocabulary/given.ts'

/** Closing could not keep all that was accepted: what a store has committed stands, and a manager that did not answer in time may be early. */
export function closeError(keys: readonly string[], cause: unknown): AlarmError {
  const message = `Closing could not keep all that was accepted of ${listed(keys)}: ${reason(cause)}. Open again, and ask again for what is missing.`
  return new AlarmError('ALARM_CLOSE_FAILED', message, { cause, counted: false, keys })
}

/** Waited for in vain: what each actor waits for, by key. */
export function lateCloseError(limit: number, pending: ReadonlyMap<string, string>): AlarmError {
  const keysOf = new Map<string, string[]>()
  for (const [key, what] of pending) keysOf.set(what, [...(keysOf.get(what) ?? []), key])
  const waits = [...keysOf].map(([what, keys]) => `${what} of ${listed(keys)}`)
  return closeError(
    [...pending.keys()],
    new Error(`after ${limit} ms it still waited for ${waits.join(' and ')}`),
  )
}

/** Of several that closed at the same time. */
export function closeErrorOf(errors: readonly unknown[]): AlarmError {
  const keys = errors.flatMap((error) => (error instanceof AlarmError ? (error.keys ?? []) : []))
  return closeError(keys, new AggregateError(errors, errors.map(reason).join('; ')))
}
