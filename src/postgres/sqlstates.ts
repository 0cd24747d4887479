import { passes, type Ruling, stays } from '../vocabulary/ruling.ts'

const AWAY = passes(
  'ALARM_STORAGE_UNREACHABLE',
  'The server cannot be reached, or has not answered. See that it runs and takes connections from here.',
)
const MISSING = stays(
  'ALARM_STORAGE_MISSING',
  'The schema $ lacks its tables. Open it once with `migrate: true` (the default), as a role that may create them.',
)
const FAILED = stays('ALARM_STORAGE_FAILED', 'A statement on the schema $ did not work.')
const UNTRUSTED = stays(
  'ALARM_STORAGE_FAILED',
  'The connection to the server is not trusted. Correct its certificate, or the ssl options of the pool.',
)

/** Every class of SQLSTATE, by two letters, and each state (five) whose ruling differs. In a message $ is the schema. */
export const sqlStates: Readonly<Record<string, Ruling>> = {
  '00': FAILED, // successful completion
  '01': FAILED, // warning
  '02': FAILED, // no data
  '03': FAILED, // SQL statement not yet complete
  '08': AWAY, // connection exception; 08P01 is PgBouncer's, where the server behind it is away
  '09': FAILED, // triggered action exception
  '0A': FAILED, // feature not supported
  '0B': FAILED, // invalid transaction initiation
  '0F': FAILED, // locator exception
  '0L': FAILED, // invalid grantor
  '0P': FAILED, // invalid role specification
  '0Z': FAILED, // diagnostics exception
  '10': FAILED, // XQuery error
  '20': FAILED, // case not found
  '21': FAILED, // cardinality violation
  '22': FAILED, // data exception
  '23': FAILED, // integrity constraint violation
  '24': FAILED, // invalid cursor state
  '25': FAILED, // invalid transaction state
  '25006': passes('ALARM_STORAGE_READONLY', 'The server takes no writes. Connect to the primary.'), // until it is promoted
  '25P03': AWAY, // idle in transaction for too long: the server has cut the connection
  '25P04': AWAY, // the transaction took too long, likewise
  '26': FAILED, // invalid SQL statement name
  '27': FAILED, // triggered data change violation
  // Not unreachable: to try again does not help, and deliveries would try without end.
  '28': stays(
    'ALARM_STORAGE_FAILED',
    'The server does not let us in. See that role, password and database are right (connectionString), and that pg_hba.conf has them.',
  ),
  '2B': FAILED, // dependent privilege descriptors still exist
  '2D': FAILED, // invalid transaction termination
  '2F': FAILED, // SQL routine exception
  '34': FAILED, // invalid cursor name
  '38': FAILED, // external routine exception
  '39': FAILED, // external routine invocation exception
  '3B': FAILED, // savepoint exception
  '3D': stays(
    'ALARM_STORAGE_MISSING',
    'The database is not there. Create it, or name another one (connectionString).',
  ),
  '3F': MISSING, // invalid schema name
  '40': passes('ALARM_STORAGE_LOCKED', 'A statement was in the way of another transaction. Try again.'), // rolled back
  '40002': FAILED, // by a constraint
  '42': FAILED, // syntax error or access rule violation
  '42501': stays(
    'ALARM_STORAGE_READONLY',
    'The schema $ refuses this role. Grant it USAGE on the schema and all rights on its tables.',
  ),
  '42P01': MISSING,
  '42883': MISSING,
  '42704': MISSING,
  '44': FAILED, // WITH CHECK OPTION violation
  '53': passes(
    'ALARM_STORAGE_UNREACHABLE',
    'The server has run out of connections, memory or disk. Give it more, or ask less of it.',
  ),
  '54': FAILED, // program limit exceeded
  '55': FAILED, // object not in prerequisite state
  '55006': passes('ALARM_STORAGE_LOCKED', 'What a statement needs is in use. Try again.'),
  '55P03': passes(
    'ALARM_STORAGE_LOCKED',
    'Another transaction holds a lock for too long (`timeout`, lock_timeout, NOWAIT). Try again, or find what holds it.',
  ),
  '57': AWAY, // shut down, starting up, or the statement cancelled
  '57P04': stays(
    'ALARM_STORAGE_MISSING',
    'The database was dropped. Create it, or name another one (connectionString).',
  ),
  '58': passes(
    'ALARM_STORAGE_FAILED',
    'The server cannot read or write its files. Look at its disk and its log.',
  ), // system error
  F0: FAILED, // configuration file error
  HV: FAILED, // foreign data wrapper error
  P0: FAILED, // PL/pgSQL error
  XX: stays('ALARM_STORAGE_FAILED', 'The server met a fault of its own, or damaged data. Look at its log.'),
}

/** Codes of Node and of pg on the way to the server, and what begins a family of them. What has no code was cut or timed out by pg. */
const wayCodes: Readonly<Record<string, Ruling>> = {
  '': AWAY,
  EACCES: AWAY, // the socket of a server that starts
  EADDRNOTAVAIL: AWAY, // out of ports
  EAI_AGAIN: AWAY,
  EAI_FAIL: AWAY,
  ECANCELED: AWAY,
  ECONNABORTED: AWAY,
  ECONNREFUSED: AWAY,
  ECONNRESET: AWAY,
  EHOSTDOWN: AWAY,
  EHOSTUNREACH: AWAY,
  EMFILE: AWAY,
  ENETDOWN: AWAY,
  ENETRESET: AWAY,
  ENETUNREACH: AWAY,
  ENFILE: AWAY,
  ENOBUFS: AWAY,
  ENOENT: AWAY, // the socket of a server that is down
  ENOTCONN: AWAY,
  ENOTFOUND: AWAY, // of a name that is not served yet
  EPIPE: AWAY,
  ETIMEDOUT: AWAY,
  ERR_INVALID: FAILED, // an argument or a URL
  CERT: UNTRUSTED,
  DEPTH: UNTRUSTED,
  ERR_SSL: UNTRUSTED,
  ERR_TLS: UNTRUSTED,
  SELF: UNTRUSTED,
  UNABLE: UNTRUSTED,
  HOSTNAME: UNTRUSTED,
}

/** The ruling of an error's code: of a state, of its class, or of the way to the server. */
export function rulingOf(code: string): Ruling {
  // A state has five digits or letters; EPIPE is Node's, and no class begins with E.
  if (/^[0-9A-DF-Z][0-9A-Z]{4}$/.test(code)) return sqlStates[code] ?? sqlStates[code.slice(0, 2)] ?? FAILED
  const family = Object.keys(wayCodes).find((start) => start !== '' && code.startsWith(start))
  return wayCodes[code] ?? (family === undefined ? AWAY : wayCodes[family]!)
}
