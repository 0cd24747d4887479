import { execFileSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const folder = fileURLToPath(new URL('./worker/', import.meta.url))

/** Whether workerd runs here: it has binaries for some platforms only. */
export function canServe(): boolean {
  try {
    const binary = createRequire(new URL('../../bench/', import.meta.url))('workerd').default as string
    execFileSync(binary, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Bundles the objects into a directory, as a user's build does; returns the configuration to serve them with. */
export async function bundleActors(directory: string): Promise<string> {
  await build({
    entryPoints: [join(folder, 'actors.mjs')],
    outfile: join(directory, 'actors.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    external: ['cloudflare:workers'],
    alias: {
      'nolater/durable-object': fileURLToPath(new URL('../../src/durable-object/index.ts', import.meta.url)),
    },
    logLevel: 'error',
  })
  const config = join(directory, 'config.capnp')
  cpSync(join(folder, 'config.capnp'), config)
  return config
}
