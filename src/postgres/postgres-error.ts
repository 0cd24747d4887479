import { AlarmError } from '../vocabulary/errors.ts'
import { rulingOf } from './sqlstates.ts'

/** What Postgres or the way to it has thrown, as an error with a stable code. Not the handler's fault, so it never counts. */
export function postgresError(error: unknown, schema: string): AlarmError {
  if (error instanceof AlarmError) return error
  const { code = '' } = (error ?? {}) as { code?: unknown }
  const state = String(code)
  // What is thrown by a fault in a programme has no code either.
  const isFault = state === '' && (error instanceof TypeError || error instanceof ReferenceError)
  const { code: kind, message, passes } = rulingOf(isFault ? 'XX000' : state)
  const said = error instanceof Error ? ` Postgres says: ${error.message || state}.` : ''
  const text = message.replace('$', () => JSON.stringify(schema))
  return new AlarmError(kind, `${text}${said}`, { cause: error, counted: false, passes })
}
