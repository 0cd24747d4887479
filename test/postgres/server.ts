import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll } from 'vitest'
import { findBinaries } from '../../examples/postgres-server/binaries.ts'
import { type PostgresServer, startPostgres } from '../../examples/postgres-server/start.ts'

/** A PostgreSQL of the tests' own, from npm; on loopback, in a temporary directory. */
export interface Server {
  readonly connectionString: string
  /** one connection, for looking from outside */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** the name of a schema that nobody has used */
  newSchema(): string
  /** as a crash: no checkpoint, every connection cut */
  crash(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

const STARTS = 300_000 // ms; each step of it has a limit of its own, which says what was awaited

/** Starts a server. One that is installed and does not start is an error. */
export async function startServer(): Promise<Server> {
  // A process that is killed loses nothing that it gave the system: only the machine's own end would.
  return serve(await startPostgres({ settings: ['fsync=off', 'max_connections=200'] }))
}

/** Starts a server before the tests of a file and stops it after them. A string is why there can be none: npm has none for this platform. */
export function serverOfFile(): Server | string {
  if (findBinaries() === null) return `npm has no PostgreSQL for ${process.platform} ${process.arch}`
  let started: Server | undefined
  const server = (): Server => {
    if (started === undefined)
      throw new Error('The server has not been started: use it in hooks and tests only')
    return started
  }
  beforeAll(async () => {
    started = await startServer()
  }, STARTS)
  afterAll(() => started?.stop(), 60_000)
  return {
    get connectionString() {
      return server().connectionString
    },
    query: (text, values) => server().query(text, values),
    newSchema: () => server().newSchema(),
    crash: () => server().crash(),
    start: () => server().start(),
    stop: () => server().stop(),
  }
}

function serve({ connectionString, crash, start, stop }: PostgresServer): Server {
  const outside = new pg.Pool({ connectionString, max: 1 })
  outside.on('error', () => {})
  let schemas = 0
  return {
    connectionString,
    query: async (text, values = []) => (await outside.query(text, [...values])).rows,
    newSchema: () => `test ${process.pid} "${++schemas}"`,
    crash,
    start,
    async stop() {
      await Promise.race([outside.end(), sleep(5_000, undefined, { ref: false })])
      await stop()
    },
  }
}
