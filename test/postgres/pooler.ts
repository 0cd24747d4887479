import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
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

/** A PgBouncer before a server, which lends a connection for a transaction at a time, or for as long as a client is connected. */
export interface Pooler {
  readonly connectionString: string
  /** Ends at once, and is there again after some time. */
  restart(ms: number): Promise<void>
  stop(): Promise<void>
}

export async function startPooler(
  program: string,
  connectionString: string,
  {
    mode = 'transaction',
    size = 5,
  }: { readonly mode?: 'transaction' | 'session'; readonly size?: number } = {},
): Promise<Pooler> {
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
    ...[
      `pool_mode = ${mode}`,
      `default_pool_size = ${size}`,
      'max_client_conn = 200',
      'server_login_retry = 1',
    ],
  ]
  const ini = join(data, 'pgbouncer.ini')
  writeFileSync(ini, `${lines.join('\n')}\n`)
  for (const path of [data, ini]) give(path, user)
  const kept = keep({ folder, data, user, graces: [5_000, 2_000, 2_000], keeps: false })
  const start = (): Promise<void> => kept.run([program, ini], 'process up', 30_000)
  await start()
  return {
    connectionString: `postgres://any:any@127.0.0.1:${at}/postgres`,
    async restart(ms) {
      await kept.signal('SIGKILL', 30_000)
      await sleep(ms)
      await start()
    },
    stop: () => kept.end(),
  }
}
