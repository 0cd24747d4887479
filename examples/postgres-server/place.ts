import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, lstatSync, mkdtempSync, readdirSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import type { ServerUser } from './server-user.ts'

/** Where a server may have its folder, the best first: the user that it runs as must be able to enter it. */
export const bases = (): string[] => [...new Set([tmpdir(), '/tmp', '/var/tmp', '/dev/shm'])]

/** A folder that belongs to the server. A run of the tests finds what it has left by the number in its name. */
export function makeFolder(base: string, user: ServerUser | null): string {
  const folder = mkdtempSync(join(base, `nolater-postgres-${process.env.NOLATER_RUN ?? ''}-`))
  give(folder, user)
  return folder
}

/** Makes a folder the server's own. */
export function give(folder: string, user: ServerUser | null): void {
  if (user !== null) chownSync(folder, user.uid, user.gid)
}

/** Why the server's user cannot run these files; `null` where it can. */
export function whyNotRunnable(native: string, user: ServerUser | null): string | null {
  const ids = user === null ? {} : { uid: user.uid, gid: user.gid }
  for (const name of ['initdb', 'postgres']) {
    const { error, status, stderr } = spawnSync(join(native, 'bin', name), ['--version'], {
      ...ids,
      cwd: '/',
      timeout: 30_000,
      killSignal: 'SIGKILL',
      encoding: 'utf8',
    })
    if (error !== undefined) return error.message
    if (status !== 0) return `${name} --version ended with ${status}: ${stderr.trim()}`
  }
  return null
}

/** What only compilers and linkers need. */
const isNeeded = (path: string): boolean => !/\.a$|[/\\](pkgconfig|include)$/.test(path)

/** Copies the files to where its user can reach and run them. */
export function copyBinaries(native: string, folder: string): string {
  const copy = join(folder, 'native')
  cpSync(realpathSync(native), copy, { recursive: true, verbatimSymlinks: true, filter: isNeeded })
  for (const path of [
    copy,
    ...readdirSync(copy, { recursive: true }).map((name) => join(copy, String(name))),
  ]) {
    const stat = lstatSync(path)
    const isRun = stat.isDirectory() || path.startsWith(join(copy, 'bin') + sep)
    if (!stat.isSymbolicLink()) chmodSync(path, stat.mode | (isRun ? 0o555 : 0o444))
  }
  return copy
}
