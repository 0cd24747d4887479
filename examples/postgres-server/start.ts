import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findBinaries } from './binaries.ts'
import { freePort } from './free-port.ts'
import { type Kept, keep } from './keep.ts'
import { bases, copyBinaries, give, makeFolder, whyNotRunnable } from './place.ts'
import { type ServerUser, serverUser } from './server-user.ts'

/** A PostgreSQL that ends with this process, however that ends, and leaves nothing behind. */
export interface PostgresServer {
  readonly connectionString: string
  /** where its files are */
  readonly folder: string
  readonly pid: number
  /** as a crash: no checkpoint, every connection cut */
  crash(): Promise<void>
  /** as for a restart: with a checkpoint, every connection cut */
  halt(): Promise<void>
  /** once more, after either */
  start(): Promise<void>
  stop(): Promise<void>
}

export interface PostgresOptions {
  /** settings, as `fsync=off` */
  readonly settings?: readonly string[]
  /** where to look for a place for its files, in this order */
  readonly bases?: readonly string[]
  /** `bin`, `lib` and `share`; default: those that npm has installed */
  readonly native?: string
  /** ms for each step; default 2 minutes */
  readonly limit?: number
  /** keeps its database in this folder, and finds it there again; default: a temporary one */
  readonly data?: string
  /** ms that it has to end after SIGINT, after SIGQUIT, after SIGKILL */
  readonly graces?: readonly number[]
}

const READY = 'database system is ready to accept' // connections; read-only ones where it is a standby
const PASSWORD = 'secret' // of a server on loopback that lives for minutes
const isTaken = (error: unknown): boolean => /could not (bind|create any TCP)/.test(String(error))

/** Starts a server on a loopback port. Rejects, with what was tried and what it printed last, if it does not come up. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const { settings = [], limit = 120_000, native = findBinaries() } = options
  if (native === null) {
    throw new Error(`npm has no PostgreSQL for ${process.platform} ${process.arch}: give a connection string`)
  }
  const { kept, folder, data, postgres } = await prepare(native, { ...options, limit })
  const launch = (port: number): Promise<void> =>
    kept.run(
      [
        postgres,
        ...['-D', data, '-p', `${port}`],
        // Shared memory in its own folder, which is removed with it.
        ...[
          'listen_addresses=127.0.0.1',
          'unix_socket_directories=',
          'dynamic_shared_memory_type=mmap',
          ...settings,
        ].map((setting) => `-c${setting}`),
      ],
      READY,
      limit,
    )

  /** Another program may take a port between the look and the start. */
  async function launchSomewhere(attempts: number): Promise<number> {
    const port = await freePort()
    try {
      await launch(port)
      return port
    } catch (error) {
      if (attempts > 1 && isTaken(error)) return launchSomewhere(attempts - 1)
      await kept.end()
      throw error
    }
  }

  const port = await launchSomewhere(5)
  return {
    connectionString: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,
    folder,
    pid: Number.parseInt(readFileSync(join(data, 'postmaster.pid'), 'utf8'), 10),
    crash: () => kept.signal('SIGQUIT', limit),
    halt: () => kept.signal('SIGINT', limit),
    start: () => launch(port),
    stop: () => kept.end(),
  }
}

interface Prepared {
  readonly kept: Kept
  readonly folder: string
  readonly data: string
  readonly postgres: string
}

/** A database in the first folder in which its user can make one. */
async function prepare(native: string, options: PostgresOptions & { limit: number }): Promise<Prepared> {
  const { limit, graces = [10_000, 6_000, 2_000] } = options
  const user = serverUser()
  const why = whyNotRunnable(native, user)
  const tried: string[] = why === null ? [] : [`in place: ${why}`]
  const begun = performance.now()
  for (const base of options.bases ?? bases()) {
    if (performance.now() - begun >= limit) break
    let folder: string
    try {
      folder = makeFolder(base, user)
    } catch (error) {
      tried.push(`${base}: ${(error as Error).message}`)
      continue
    }
    const data = options.data ?? join(folder, 'data')
    const kept = keep({ folder, data, user, graces, keeps: false })
    try {
      const files = why === null ? native : copyBinaries(native, folder)
      const unable = why === null ? null : whyNotRunnable(files, user)
      if (unable !== null) throw new Error(unable)
      if (!existsSync(join(data, 'PG_VERSION'))) await initialise(kept, files, folder, data, user, limit)
      return { kept, folder, data, postgres: join(files, 'bin', 'postgres') }
    } catch (error) {
      tried.push(`${base}: ${(error as Error).message}`)
      await kept.end()
    }
  }
  const as = user === null ? '' : ` as ${user.name}, because it refuses to be run by root`
  throw new Error(`PostgreSQL could not be prepared to run${as}. Tried:\n- ${tried.join('\n- ')}`)
}

async function initialise(
  kept: Kept,
  native: string,
  folder: string,
  data: string,
  user: ServerUser | null,
  limit: number,
): Promise<void> {
  mkdirSync(data)
  give(data, user)
  const secret = join(folder, 'password')
  writeFileSync(secret, PASSWORD, { mode: 0o600 })
  give(secret, user)
  const options = [
    '--auth=password',
    '--username=postgres',
    `--pwfile=${secret}`,
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ]
  await kept.run([join(native, 'bin', 'initdb'), `--pgdata=${data}`, ...options], null, limit)
  rmSync(secret, { force: true })
}
