import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type { openAlarm } from 'nolater'

const root = fileURLToPath(new URL('../..', import.meta.url))
const src = join(root, 'src')

/** One place in the engine's sources, and what to put there. */
export interface Patch {
  readonly file: string
  /** must occur exactly once */
  readonly find: string
  readonly put: string
}

/** Loads a copy of the engine with some of its text replaced, so that the engine itself needs no switches. */
export async function loadPatched(patches: readonly Patch[]): Promise<typeof openAlarm> {
  return (await importPatched<{ openAlarm: typeof openAlarm }>(patches, ['actor/open-alarm.ts'])).openAlarm
}

/** All that these files of the sources export, with some of the text replaced, of theirs or of what they import. */
export async function importPatched<T>(patches: readonly Patch[], files: readonly string[]): Promise<T> {
  const texts = patchedTexts(patches)
  const read = new Set<string>()
  const { outputFiles } = await build({
    stdin: { contents: files.map((file) => `export * from './${file}'`).join('\n'), resolveDir: src },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    plugins: [
      {
        name: 'patched',
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, ({ path }) => {
            read.add(path)
            return { contents: texts.get(path) ?? readFileSync(path, 'utf8'), loader: 'ts' }
          }),
      },
    ],
  })
  const unread = [...texts.keys()].find((path) => !read.has(path))
  if (unread !== undefined) throw new Error(`${unread} is no part of ${files.join(' and ')}; fix the patch.`)
  const folder = mkdtempSync(join(tmpdir(), 'nolater-'))
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    const path = join(folder, 'patched.mjs')
    writeFileSync(path, outputFiles[0]!.contents)
    return await import(/* @vite-ignore */ pathToFileURL(path).href)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The files that are patched, by their paths, as they are then. */
export function patchedTexts(patches: readonly Patch[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  for (const { file, find, put } of patches) {
    const path = join(src, file)
    const parts = (texts.get(path) ?? readFileSync(path, 'utf8')).split(find)
    if (parts.length !== 2) {
      throw new Error(
        `${file} has ${parts.length - 1} places that read as follows, not one; fix the patch.\n${find}`,
      )
    }
    texts.set(path, parts.join(put))
  }
  return texts
}
