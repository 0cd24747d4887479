import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { serverUser } from '../examples/postgres-server/server-user.ts'
import { endBySignals } from '../examples/processes/scratch-folder.ts'

const cache = fileURLToPath(new URL('node_modules/.cache/', import.meta.url))

/**
 * Makes a folder on the disk of this project: the system's temporary directory is often none. Where PostgreSQL runs as another user, who
 * cannot enter it there, it is elsewhere. It is removed when this process ends, if not before.
 */
export function makeScratch(name: string): string {
  for (const base of [cache, '/var/tmp/', `${tmpdir()}/`]) {
    mkdirSync(base, { recursive: true })
    const path = mkdtempSync(`${base}nolater-bench-${name}-`)
    chmodSync(path, 0o755)
    process.on('exit', () => rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }))
    endBySignals()
    if (isReached(path)) return path
  }
  throw new Error(
    `PostgreSQL's user ${serverUser()?.name} can enter neither ${cache} nor /var/tmp nor ${tmpdir()}`,
  )
}

/** Whether the user that a server runs as can enter a folder: asked by doing it. */
function isReached(path: string): boolean {
  const user = serverUser()
  if (user === null) return true
  return (
    spawnSync('/bin/ls', ['-d', `${path}/.`], { uid: user.uid, gid: user.gid, timeout: 10_000 }).status === 0
  )
}
