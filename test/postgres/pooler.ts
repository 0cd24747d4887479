import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../examples/postgres-server/free-port.ts'
import { keep } from '../../examples/postgres-server/keep.ts'
import { bases, give, makeFolder } from '../../examples/postgres-server/place.ts'
import { serverUser } from '../../examples/postgres-server/server-user.ts'

/** Where Debian's package `pgbouncer` has it; `null` where it is not installed. */
export function findPooler(): string | null {
  const paths = [...(process.env.PATH ?? '').split(':'), '/usr/sbin'].map((path) => join(path, 'pgbouncer'))
  return paths.find((path) => isRunnable(path)) ?? null
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A PgBouncer before a server, which lends a connection for a transaction at a time. */
export interface Pooler {
  readonly connectionString: string
  stop(): Promise<void>
}

export async function startPooler(program: string, connectionString: string): Promise<Pooler> {
  const { hostname, port, username, password, pathname } = new URL(connectionString)
  const user = serverUser() // it refuses to be run by root
  const folder = makeFolder(bases()[0]!, user)
  const data = join(folder, 'data')
  mkdirSync(data)
  const at = await freePort()
  const server = `host=${hostname} port=${port} user=${username} password=${password}`
  const lines = [
    '[databases]',
    `postgres = ${server} dbname=${pathname.slice(1)}`,
    '[pgbouncer]',
    ...['listen_addr = 127.0.0.1', `listen_port = ${at}`, 'unix_socket_dir =', 'auth_type = any'],
    ...['pool_mode = transaction', 'default_pool_size = 5', 'max_client_conn = 100'],
  ]
  const ini = join(data, 'pgbouncer.ini')
  writeFileSync(ini, `${lines.join('\n')}\n`)
  for (const path of [data, ini]) give(path, user)
  const kept = keep({ folder, data, user, graces: [5_000, 2_000, 2_000], keeps: false })
  await kept.run([program, ini], 'process up', 30_000)
  return { connectionString: `postgres://any:any@127.0.0.1:${at}/postgres`, stop: () => kept.end() }
}
