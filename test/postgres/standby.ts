import { chmodSync, chownSync, cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { serverUser } from '../../examples/postgres-server/server-user.ts'
import { type PostgresServer, startPostgres } from '../../examples/postgres-server/start.ts'
import { until } from './rig.ts'

/** A server, and one that follows it. */
export interface Pair {
  readonly primary: PostgresServer
  readonly standby: PostgresServer
  stop(): Promise<void>
}

/** Starts both, until the one follows the other; `settings` are of the primary. */
export async function startPair(settings: readonly string[] = []): Promise<Pair> {
  const primary = await startPostgres({ settings: ['fsync=off', ...settings] })
  try {
    const { folder } = primary
    const standby = await startStandby(primary, join(folder, 'data'), join(folder, 'standby'), ['fsync=off'])
    return {
      primary,
      standby,
      async stop() {
        await standby.stop()
        await primary.stop()
      },
    }
  } catch (error) {
    await primary.stop()
    throw error
  }
}

/** Starts one with `settings` that follows a server, whose files are in `from`; its own are in `into`. The server crashes on the way. */
export async function startStandby(
  primary: PostgresServer,
  from: string,
  into: string,
  settings: readonly string[],
): Promise<PostgresServer> {
  // After a crash its files are a backup: what is missing there is in the log that comes with them.
  await primary.crash()
  cpSync(from, into, { recursive: true })
  rmSync(join(into, 'postmaster.pid'), { force: true })
  writeFileSync(join(into, 'standby.signal'), '')
  chmodSync(into, 0o700)
  give(into)
  await primary.start()
  const { hostname, port, username, password } = new URL(primary.connectionString)
  const way = `host=${hostname} port=${port} user=${username} password=${password} application_name=standby`
  const standby = await startPostgres({
    data: into,
    settings: [...settings, `primary_conninfo=${way}`, 'wal_retrieve_retry_interval=200ms'],
  })
  // It answers before it has connected.
  await follows(primary).catch(async (error: unknown) => {
    await standby.stop()
    throw error
  })
  return standby
}

async function follows(primary: PostgresServer): Promise<void> {
  const client = new pg.Client(primary.connectionString)
  await client.connect()
  try {
    await until(async () => (await client.query('SELECT FROM pg_stat_replication')).rowCount === 1)
  } finally {
    await client.end()
  }
}

/** To the user that servers run as. */
function give(folder: string): void {
  const user = serverUser()
  if (user === null) return
  for (const name of ['', ...readdirSync(folder, { recursive: true })]) {
    chownSync(join(folder, String(name)), user.uid, user.gid)
  }
}
