import type { Pool, PoolClient, QueryResult } from 'pg'
import {
  asyncScheduler,
  firstValueFrom,
  from,
  timeout as limited,
  type SchedulerLike,
  throwError,
  timer,
} from 'rxjs'
import type { Names } from '../vocabulary/check-names.ts'
import { configError } from '../vocabulary/error-of.ts'
import { AlarmError } from '../vocabulary/errors.ts'
import { timerMilliseconds } from '../vocabulary/milliseconds.ts'
import { again } from './again.ts'
import { guardPool } from './guard-pool.ts'
import { isUpToDate, KNOWN, migrate, type TablesVersion, VERSION, versionOf } from './migrate.ts'
import { postgresError } from './postgres-error.ts'
import { REPLICATION, type Replication, timelineOf } from './replication.ts'
import { checkSchemaName, quoteName } from './schema-name.ts'
import { lineOf } from './transaction-line.ts'

/** How to get at a database. Give a `connectionString` or a `pool`. */
export interface DatabaseOptions {
  /**
   * where the server is: `postgres://user:password@host/database`. Its pool has 10 connections, so at most 8 transactions of stores
   * (`commitWith`) are open at a time: where they are what alarms wait for, give a larger `pool`
   */
  readonly connectionString?: string | undefined
  /** a pool of yours, of 3 connections or more; it is not ended with the manager */
  readonly pool?: Pool
  /** the schema that holds the tables; default `nolater` */
  readonly schema?: string
  /** whether to make the tables, or bring them up to date; default true */
  readonly migrate?: boolean
  /**
   * ms, default 10 s: that a statement of ours may take, that `commitWith` waits for a connection, and that a statement of yours in it waits
   * for a lock (`SET LOCAL lock_timeout`, or the role's own, says otherwise). How long yours may run is not limited
   */
  readonly timeout?: number
}

export const databaseNames: Names<DatabaseOptions> = {
  connectionString: true,
  pool: true,
  schema: true,
  migrate: true,
  timeout: true,
}

/** One schema of one database, and the pool that leads to it. */
export interface Database {
  readonly name: string
  /** the schema as it stands in a statement */
  readonly schema: string
  /** ms */
  readonly timeout: number
  /** The pool, once the tables are known to be there and to be ours. Errors are `AlarmError`s; asked again, it tries again. */
  pool(): Promise<Pool>
  /** How it stood to its standbys when it was looked at last. */
  replication(): Promise<Replication>
  /** SQL for the timeline of the server. */
  timeline(): Promise<string>
  /** Looks again whether the tables are ours: another process may have brought them further. */
  check(): Promise<void>
  /** One statement, in a transaction of its own; within so many ms, instead of `timeout`. A connection that does not answer in time is ended. */
  query<Row>(text: string, values: readonly unknown[], within?: number): Promise<Row[]>
  /** A connection of its own, within the time of a statement. */
  connect(): Promise<PoolClient>
  close(): Promise<void>
}

const OLDEST = 130_000
const CONNECTIONS = 10
const OPENING = 10_000 // ms for each step of it, instead of `timeout`: a first connection takes longer than a statement
const MIGRATING = 60_000 // ms for the tables: they may wait for another process that makes them

export function openDatabase(
  options: DatabaseOptions & { readonly scheduler?: SchedulerLike | undefined },
): Database {
  const { connectionString, pool: given, migrate: mayMigrate = true, scheduler = asyncScheduler } = options
  const name = checkSchemaName(options.schema ?? 'nolater')
  checkWay(options)
  const timeout = timerMilliseconds('timeout', options.timeout ?? 10_000)
  if (typeof mayMigrate !== 'boolean') {
    throw configError('migrate', 'true or false', mayMigrate)
  }
  const schema = quoteName(name)
  let opening: Promise<Pool> | null = null
  let own: Pool | null = null
  let unguard: (() => void) | null = null
  let replication: Replication
  let timeline: string | null = null

  async function open(): Promise<Pool> {
    const pool = given ?? own ?? (await connect(connectionString as string, timeout))
    if (given === undefined) own = pool
    unguard ??= guardPool(pool)
    replication = await prepare(await connectTo(pool, OPENING), name, schema, mayMigrate, inTime)
    return pool
  }

  async function connectTo(pool: Pool, ms: number): Promise<PoolClient> {
    const coming = pool.connect()
    try {
      return await inTime(coming, ms)
    } catch (error) {
      coming.then((late) => late.release()).catch(() => {})
      throw error
    }
  }

  /** A connection of a pool that others have emptied may never come, and no limit of pg counts before it has. */
  function inTime<T>(asked: Promise<T>, ms = timeout): Promise<T> {
    const unanswered = () => new Error(`no connection, or no answer, within ${ms} ms`)
    return firstValueFrom(
      from(asked).pipe(limited({ first: ms, scheduler, with: () => throwError(unanswered) })),
    )
  }

  /** By its limit pg ends the connection: given back, it would be the next one's. */
  function ask(
    pool: Pool,
    text: string,
    values: readonly unknown[] = [],
    ms = timeout,
  ): Promise<QueryResult> {
    const config = { text, values: values as unknown[], query_timeout: ms }
    return inTime(pool.query(config), ms)
  }

  /** Those of stores that use it too: they have as long as a statement. */
  async function endTransactions(pool: Pool): Promise<void> {
    const line = lineOf(pool)
    const isOver = line.close(closedDatabase(name))
    const patience = timer(timeout, scheduler).subscribe(() => {
      for (const holder of line.held) holder.end()
    })
    await isOver
    patience.unsubscribe()
  }

  function pool(): Promise<Pool> {
    opening ??= open().catch((error) => {
      opening = null
      throw postgresError(error, name)
    })
    return opening
  }

  return {
    name,
    schema,
    timeout,
    pool,
    async replication() {
      await pool()
      return replication
    },
    async timeline() {
      const ready = await pool()
      try {
        timeline ??= await timelineOf((text) => ask(ready, text))
        return timeline
      } catch (error) {
        throw postgresError(error, name)
      }
    },
    async check() {
      try {
        const client = await connectTo(await pool(), OPENING)
        replication = await prepare(client, name, schema, mayMigrate, inTime)
      } catch (error) {
        throw postgresError(error, name)
      }
    },
    async query<Row>(text: string, values: readonly unknown[], within = timeout) {
      const ready = await pool()
      try {
        const { rows } = await again(scheduler, () => ask(ready, text, values, within))
        return rows as Row[]
      } catch (error) {
        throw postgresError(error, name)
      }
    },
    async connect() {
      return connectTo(await pool(), timeout)
    },
    async close() {
      await opening?.catch(() => {})
      // Its last connections may still break after it has ended: a pool of our own stays guarded.
      if (own === null) return unguard?.()
      await endTransactions(own)
      await own.end()
    },
  }
}

function checkWay({ connectionString, pool }: DatabaseOptions): void {
  const isString = typeof connectionString === 'string' && connectionString !== ''
  const isPool = typeof pool?.connect === 'function' && typeof pool.query === 'function'
  if (isString === (pool !== undefined) || (pool !== undefined && !isPool)) {
    throw configError(
      'connectionString or pool',
      'one of the two: where the server is, or a Pool of pg',
      isString && pool !== undefined ? 'both' : (connectionString ?? pool),
    )
  }
  if (isString && !isConnectionString(connectionString)) {
    // Its scheme and no more: what follows may be a password.
    const [scheme = 'another text'] = /^\w+:/.exec(connectionString) ?? []
    throw configError(
      'connectionString',
      'as postgres://user:password@host:5432/database, its special characters encoded (%23 for #)',
      scheme,
    )
  }
  // One listens for good, one may hold a transaction open, one must be left for the statements of both.
  const max = pool?.options?.max
  if (max !== undefined && max < 3) throw configError('pool', 'one of 3 connections or more (max)', max)
}

/** As pg reads it: a URL, or the directory of a socket. */
function isConnectionString(text: string): boolean {
  if (text.startsWith('/')) return true
  return /^(?:postgres|postgresql|socket):/.test(text) && URL.canParse(text)
}

function closedDatabase(name: string): AlarmError {
  return new AlarmError(
    'ALARM_CLOSED',
    `The way to the schema ${JSON.stringify(name)} was closed, with its manager or its store. Open it again.`,
    { counted: false },
  )
}

async function connect(connectionString: string, timeout: number): Promise<Pool> {
  const { default: pg } = await import('pg').catch((cause) => {
    throw new AlarmError(
      'ALARM_STORAGE_MISSING',
      'nolater/postgres needs pg, which cannot be loaded. Install it: npm install pg.',
      {
        cause,
        counted: false,
      },
    )
  })
  return new pg.Pool({
    connectionString,
    max: CONNECTIONS,
    connectionTimeoutMillis: timeout,
    keepAlive: true,
    application_name: 'nolater',
  })
}

type InTime = <T>(asked: Promise<T>, ms: number) => Promise<T>

/** Refuses a server that cannot do, and tables of a newer library; makes what is missing. */
async function prepare(
  client: PoolClient,
  name: string,
  schema: string,
  mayMigrate: boolean,
  inTime: InTime,
): Promise<Replication> {
  let isDone = false
  try {
    const { rows } = await inTime(
      client.query(
        `SELECT current_setting('server_version_num')::int AS server, current_setting('synchronous_commit') AS durable, ${REPLICATION}`,
      ),
      OPENING,
    )
    checkServer(rows[0])
    let found = await inTime(versionOf(client, schema), OPENING)
    if (!isUpToDate(found) && mayMigrate) {
      await inTime(migrate(client, schema), MIGRATING)
      found = await inTime(versionOf(client, schema), OPENING)
    }
    checkVersion(name, found)
    isDone = true
    return rows[0]
  } finally {
    client.release(!isDone) // it may still wait for the server
  }
}

function checkServer({ server, durable }: { server: number; durable: string }): void {
  if (server < OLDEST) {
    throw new AlarmError(
      'ALARM_STORAGE_UNSUPPORTED',
      `nolater needs PostgreSQL 13 or later; the server has ${Math.floor(server / 10_000)}. Use a newer one.`,
      { counted: false },
    )
  }
  if (durable === 'off') {
    throw new AlarmError(
      'ALARM_STORAGE_UNSUPPORTED',
      'synchronous_commit is off, so that the server says of alarms it may lose that it has them. Set it to on for this role: ' +
        'ALTER ROLE ... SET synchronous_commit = on.',
      { counted: false },
    )
  }
}

function checkVersion(name: string, found: TablesVersion): void {
  const { version, additions } = found
  if (version === VERSION && isUpToDate(found)) return
  const [kind, advice] =
    version > VERSION
      ? (['NEWER', 'Install a newer one'] as const)
      : (['MISSING', 'Open it once with `migrate: true`, as a role that may create tables'] as const)
  throw new AlarmError(
    `ALARM_STORAGE_${kind}`,
    `The schema ${JSON.stringify(name)} has version ${version}.${additions} of the tables (0.0 is none), this library knows ${KNOWN}. ${advice}.`,
    { counted: false },
  )
}
