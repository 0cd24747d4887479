import { join } from 'node:path'
import { startPostgres } from '../../examples/postgres-server/start.ts'

/** A PostgreSQL on a loopback port, as it is configured when installed. */
export interface PostgresServer {
  readonly pid: number
  readonly connectionString: string
  close(): Promise<void>
}

/** Its database is in the directory, and is found there again. */
export async function servePostgres(directory: string): Promise<PostgresServer> {
  const { pid, connectionString, stop } = await startPostgres({ data: join(directory, 'postgres') })
  return { pid, connectionString, close: stop }
}
