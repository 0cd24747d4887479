import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { openAlarm } from 'nolater'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** One place in the engine's sources, and what to put there. */
export interface Patch {
  readonly file: string
  /** must occur exactly once */
  readonly find: string
  readonly put: string
}

const isOfEngine = (path: string): boolean =>
  /\.ts$|[/\\](src|vocabulary|operators|actor|record|delivery)$/.test(path)

/** Loads a copy of the engine with some of its text replaced, so that the engine itself needs no switches. */
export async function loadPatched(patches: readonly Patch[]): Promise<typeof openAlarm> {
  return importPatched(patches, async (entry) => (await entry('actor/open-alarm.ts')).openAlarm, isOfEngine)
}

/** Imports from a copy of the sources with some of their text replaced. */
export async function importPatched<T>(
  patches: readonly Patch[],
  // biome-ignore lint/suspicious/noExplicitAny: what a file exports
  load: (entry: (file: string) => Promise<any>) => Promise<T>,
  isCopied: (path: string) => boolean = () => true,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'nolater-'))
  try {
    cpSync(join(root, 'src'), join(folder, 'src'), { recursive: true, filter: isCopied })
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    for (const { file, find, put } of patches) {
      const path = join(folder, 'src', file)
      const parts = readFileSync(path, 'utf8').split(find)
      if (parts.length !== 2) {
        throw new Error(
          `${file} has ${parts.length - 1} places that read as follows, not one; fix the patch.\n${find}`,
        )
      }
      writeFileSync(path, parts.join(put))
    }
    // Not through the test runner: Node strips the types itself.
    return await load((file) => import(/* @vite-ignore */ pathToFileURL(join(folder, 'src', file)).href))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
