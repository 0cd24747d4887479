import type { Pool, PoolClient } from 'pg'
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
import { migrate, VERSION, versionOf } from './migrate.ts'
import { postgresError } from './postgres-error.ts'
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
  /** the schema that holds the tables of nolater and of graphile-worker; default `nolater` */
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

export type Engine = typeof import('graphile-worker')

/** One schema of one database, and the pool that leads to it. */
export interface Database {
  readonly name: string
  /** the schema as it stands in a statement */
  readonly schema: string
  /** ms */
  readonly timeout: number
  /** The pool, once the tables are known to be there and to be ours. Errors are `AlarmError`s; asked again, it tries again. */
  pool(): Promise<Pool>
  /** Looks again whether the tables are ours: another process may have brought them further. */
  check(): Promise<void>
  query<Row>(text: string, values: readonly unknown[]): Promise<Row[]>
  close(): Promise<void>
}

const OLDEST = 120_000 // graphile-worker's
const CONNECTIONS = 10
const OPENING = 10_000 // ms for each step of it, instead of `timeout`: a first connection takes longer than a statement
const MIGRATING = 60_000 // ms for the tables, and for those of the engine: they may wait for another process that makes them

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

  async function open(): Promise<Pool> {
    const pool = given ?? own ?? (await connect(connectionString as string, timeout))
    if (given === undefined) own = pool
    unguard ??= guard(pool)
    await prepare(pool, name, schema, mayMigrate, inTime)
    return pool
  }

  /** A connection of a pool that others have emptied may never come, and no limit of pg counts before it has. */
  function inTime<T>(asked: Promise<T>, ms = timeout): Promise<T> {
    const unanswered = () => new Error(`no connection, or no answer, within ${ms} ms`)
    return firstValueFrom(
      from(asked).pipe(limited({ first: ms, scheduler, with: () => throwError(unanswered) })),
    )
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
    async check() {
      try {
        await prepare(await pool(), name, schema, mayMigrate, inTime)
      } catch (error) {
        throw postgresError(error, name)
      }
    },
    async query<Row>(text: string, values: readonly unknown[]) {
      const config = { text, values: values as unknown[], query_timeout: timeout }
      const ready = await pool()
      try {
        const { rows } = await inTime(ready.query(config))
        return rows as Row[]
      } catch (error) {
        throw postgresError(error, name)
      }
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
  // One listens for good, one may hold a transaction open, one must be left for the statements of both.
  const max = pool?.options?.max
  if (max !== undefined && max < 3) throw configError('pool', 'one of 3 connections or more (max)', max)
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
    throw missing('pg', cause)
  })
  return new pg.Pool({
    connectionString,
    max: CONNECTIONS,
    connectionTimeoutMillis: timeout,
    keepAlive: true,
    application_name: 'nolater',
  })
}

/** Loads graphile-worker where it is needed, so that a process that only writes rows can do without. */
export async function loadEngine(): Promise<Engine> {
  return import('graphile-worker').catch((cause) => {
    throw missing('graphile-worker', cause)
  })
}

function missing(name: string, cause: unknown): AlarmError {
  return new AlarmError(
    'ALARM_STORAGE_MISSING',
    `nolater/postgres needs ${name}, which cannot be loaded. Install it: npm install graphile-worker pg.`,
    { cause, counted: false },
  )
}

/** A connection that breaks emits an error, which ends the process without a listener. What uses the connection gets the error anyway. */
function guard(pool: Pool): () => void {
  const ignore = (): void => {}
  const guarded = new WeakSet<PoolClient>()
  const guardClient = (client: PoolClient): void => {
    if (guarded.has(client)) return
    guarded.add(client)
    client.on('error', ignore)
  }
  pool.on('error', ignore)
  pool.on('connect', guardClient)
  pool.on('acquire', guardClient)
  return () => {
    pool.off('error', ignore)
    pool.off('connect', guardClient)
    pool.off('acquire', guardClient)
  }
}

type InTime = <T>(asked: Promise<T>, ms: number) => Promise<T>

/** Refuses a server that cannot do, and tables of a newer library; makes what is missing. */
async function prepare(
  pool: Pool,
  name: string,
  schema: string,
  mayMigrate: boolean,
  inTime: InTime,
): Promise<void> {
  const coming = pool.connect()
  const client = await inTime(coming, OPENING).catch((error) => {
    coming.then((late) => late.release()).catch(() => {})
    throw error
  })
  let isDone = false
  try {
    const { rows } = await inTime(
      client.query(
        `SELECT current_setting('server_version_num')::int AS server, current_setting('synchronous_commit') AS durable`,
      ),
      OPENING,
    )
    checkServer(rows[0])
    let version = await inTime(versionOf(client, schema), OPENING)
    if (version < VERSION && mayMigrate) {
      await inTime(migrate(client, schema), MIGRATING)
      version = VERSION
    }
    checkVersion(name, version)
    isDone = true
  } finally {
    client.release(!isDone) // it may still wait for the server
  }
  if (mayMigrate) await migrateEngine(pool, name, inTime)
}

function checkServer({ server, durable }: { server: number; durable: string }): void {
  if (server < OLDEST) {
    throw new AlarmError(
      'ALARM_STORAGE_UNSUPPORTED',
      `graphile-worker needs PostgreSQL 12 or later; the server has ${Math.floor(server / 10_000)}. Use a newer one.`,
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

function checkVersion(name: string, version: number): void {
  if (version === VERSION) return
  const [kind, advice] =
    version > VERSION
      ? (['NEWER', 'Install a newer one'] as const)
      : (['MISSING', 'Open it once with `migrate: true`, as a role that may create tables'] as const)
  throw new AlarmError(
    `ALARM_STORAGE_${kind}`,
    `The schema ${JSON.stringify(name)} has version ${version} of the tables (0 is none), this library knows ${VERSION}. ${advice}.`,
    { counted: false },
  )
}

async function migrateEngine(pool: Pool, schema: string, inTime: InTime): Promise<void> {
  const { Logger, runMigrations } = await loadEngine()
  const { exitCode } = process
  const taken = new Set<PoolClient>()
  async function connect(): Promise<PoolClient> {
    const client = await pool.connect()
    taken.add(client)
    const { release } = client
    client.release = (how) => {
      taken.delete(client)
      release(how)
    }
    return client
  }
  const pgPool: Pool = Object.create(pool, { connect: { value: connect } })
  try {
    await inTime(runMigrations({ pgPool, schema, logger: new Logger(() => () => {}) }), MIGRATING)
  } catch (cause) {
    process.exitCode = exitCode // how this process ends is not graphile-worker's to say
    for (const client of taken) client.release(true) // it still waits for the server
    if (!String((cause as Error)?.message).includes('breaking migration')) throw cause
    throw new AlarmError('ALARM_STORAGE_NEWER', (cause as Error).message, { cause, counted: false })
  }
}
