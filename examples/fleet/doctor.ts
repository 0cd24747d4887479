import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Folder } from './folder.ts'

const LIMIT = 120_000 // ms
const MOST = 5_000 // stores: a command line is no place for more

const BUILT = fileURLToPath(new URL('../../dist/command/main.js', import.meta.url))

/** What `nolater doctor` says of the files of a run, once all its processes have ended. */
export function doctorSays(folder: Folder, actors: number, command = BUILT): string {
  const stores = Array.from({ length: Math.min(actors, MOST) }, (_, index) => folder.actor(index))
  const { stdout, stderr, error } = spawnSync(
    process.execPath,
    [command, 'doctor', folder.manager, ...stores],
    {
      encoding: 'utf8',
      timeout: LIMIT,
    },
  )
  if (error !== undefined) return `It could not be asked: ${error.message}\n`
  return stdout + stderr
}
