import { AlarmError, type AlarmErrorCode } from '../errors.ts'

const AWAY = [
  'ALARM_STORAGE_UNREACHABLE',
  'The server cannot be reached, or has not answered. See that it runs and takes connections from here.',
] as const
const MISSING = [
  'ALARM_STORAGE_MISSING',
  'The schema $ lacks its tables. Open it once with `migrate: true` (the default), as a role that may create them.',
] as const
const FAILED = ['ALARM_STORAGE_FAILED', 'A statement on the schema $ did not work.'] as const

type Kind = readonly [AlarmErrorCode, string]

/** By SQLSTATE, or the first two of its letters; $ is the schema. */
const kinds: Record<string, Kind> = {
  '08': AWAY, // connection exception
  '53': ['ALARM_STORAGE_UNREACHABLE', 'The server has run out of connections, memory or disk.'],
  '57': AWAY, // shut down, or the statement cancelled
  // Not unreachable: to try again does not help, and deliveries would try for ever.
  '28': [
    'ALARM_STORAGE_FAILED',
    'The server does not let us in. See that role, password and database are right (connectionString), and that pg_hba.conf has them.',
  ],
  '3D000': [
    'ALARM_STORAGE_MISSING',
    'The database is not there. Create it, or name another one (connectionString).',
  ],
  '40': ['ALARM_STORAGE_LOCKED', 'A statement was in the way of another transaction. Try again.'],
  '55P03': [
    'ALARM_STORAGE_LOCKED',
    'Another transaction holds a lock for too long (`timeout`, lock_timeout, NOWAIT). Try again, or find who holds it.',
  ],
  '25006': ['ALARM_STORAGE_READONLY', 'The server takes no writes. Connect to the primary.'],
  '42501': [
    'ALARM_STORAGE_READONLY',
    'The schema $ refuses this role. Grant it USAGE on the schema and all rights on its tables.',
  ],
  '3F000': MISSING,
  '42P01': MISSING,
  '42883': MISSING,
  '42704': MISSING,
}

/** What Postgres or the way to it has thrown, as an error with a stable code. Not the handler's fault, so it never counts. */
export function postgresError(error: unknown, schema: string): AlarmError {
  if (error instanceof AlarmError) return error
  const { code = '' } = (error ?? {}) as { code?: unknown }
  const state = String(code)
  const isFromServer = /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(state) // EPIPE is Node's
  // What the server has not said was said of the way to it: refused, reset, cut, timed out.
  const [kind, message] = isFromServer ? (kinds[state] ?? kinds[state.slice(0, 2)] ?? FAILED) : AWAY
  const said = error instanceof Error ? ` Postgres says: ${error.message || state}.` : ''
  const told = message.replace('$', () => JSON.stringify(schema))
  return new AlarmError(kind, `${told}${said}`, {
    cause: error,
    counted: false,
  })
}

/** Whether it is worth trying again without anybody doing anything: the server is away, switched over, or busy. */
export function isPassing(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  return (
    code === 'ALARM_STORAGE_UNREACHABLE' ||
    code === 'ALARM_STORAGE_LOCKED' ||
    (code === 'ALARM_STORAGE_READONLY' && (error as { cause?: { code?: unknown } }).cause?.code === '25006')
  )
}
