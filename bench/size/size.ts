import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { digits, table } from '../table.ts'

/** What an entry point costs whoever bundles it. */
export interface Size {
  readonly entry: string
  readonly minified: number
  readonly gzipped: number
}

/** What people import of the main entry: the rest is left out by any bundler. */
const shares = {
  core: ['openAlarm', 'keepAlarm', 'setAlarm', 'deleteAlarm'],
  memoryManager: ['memoryManager'],
  gate: ['gate'],
  latestWhen: ['latestWhen'],
  conflateMap: ['conflateMap'],
  classifyMoves: ['classifyMoves'],
}

const root = new URL('../../', import.meta.url)

export async function size(): Promise<Size[]> {
  const sizes = await measureSizes()
  console.log(
    `\n${table(
      ['entry', 'minified', 'gzipped'],
      sizes.map(({ entry, minified, gzipped }) => [entry, digits(minified), digits(gzipped)]),
    )}`,
  )
  return sizes
}

async function measureSizes(): Promise<Size[]> {
  const sizes: Size[] = []
  for (const [entry, file] of entries()) sizes.push(await sizeOf(entry, `export * from './${file}'`))
  for (const [share, names] of Object.entries(shares)) sizes.push(await sizeOf(share, importOf(names)))
  return sizes
}

/** The sizes in docs/performance.md, in KB, that are wrong or missing, and that of the core in the README. */
export async function wrongSizes(): Promise<string[]> {
  const page = readFileSync(new URL('docs/performance.md', root), 'utf8')
  const said = new Map(
    [...page.matchAll(/`?([\w/-]+)`? ([\d.]+) KB gzipped/g)].map(([, entry, kb]) => [entry, kb]),
  )
  const readme = readFileSync(new URL('README.md', root), 'utf8')
  const [, core] = /The core is ([\d.]+) KB gzipped/.exec(readme) ?? []
  if (core !== said.get('core')) said.delete('core')
  const sizes = (await measureSizes()).filter(({ entry }) => entry === 'core' || entry.startsWith('nolater'))
  return sizes
    .map(({ entry, gzipped }) => ({
      entry,
      is: (gzipped / 1000).toFixed(1),
      said: said.get(entry) ?? 'nothing',
    }))
    .filter(({ is, said }) => !(Math.abs(Number(is) / Number(said) - 1) < 0.03))
    .map(
      ({ entry, is, said }) =>
        `${entry} is ${is} KB gzipped; docs/performance.md (of the core, the README too) says ${said}`,
    )
}

/** The engine, without the manager in memory. */
export function coreSize(): Promise<Size> {
  return sizeOf('core', importOf(shares.core))
}

/** The timers of a Durable Object, without what reads cron expressions. */
export function objectTimersSize(): Promise<Size> {
  return sizeOf('timersOf', "export { timersOf } from './dist/durable-object/index.js'")
}

function importOf(names: readonly string[]): string {
  return `export { ${names.join(', ')} } from './dist/index.js'`
}

/** Everything that the code imports of this package, minified; RxJS and Node's own modules are there already. */
async function sizeOf(entry: string, code: string): Promise<Size> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root.pathname },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    write: false,
    logLevel: 'error',
  })
  const { contents } = outputFiles[0]!
  return { entry, minified: contents.length, gzipped: gzipSync(contents, { level: 9 }).length }
}

/** The entry points that package.json promises, by the names that users import. */
function entries(): Map<string, string> {
  const { name, exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
  const found = new Map<string, string>()
  for (const [path, target] of Object.entries<Record<string, never>>(exports)) {
    const file: string | undefined =
      (target as { import?: { default: string } }).import?.default ?? target.default
    // package.json itself is an entry point too.
    if (file !== undefined) found.set(path.replace('.', name), file.replace('./', ''))
  }
  return found
}
