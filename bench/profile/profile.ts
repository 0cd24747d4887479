// Where the time of a hot path goes, by file and by function:  node bench/profile/profile.ts burst [directory of the databases]
import { mkdirSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spreadOf } from '../stats.ts'
import { digits, table } from '../table.ts'
import { type Path, paths, preparations } from './paths.ts'

interface Node {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string }
  readonly children?: readonly number[]
}

interface Profile {
  readonly nodes: readonly Node[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const SECONDS = 3

async function record(run: () => Promise<void>): Promise<Profile> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 100 })
  await session.post('Profiler.start')
  await run()
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  return profile as Profile
}

async function repeat(path: Path, directory: string): Promise<number[]> {
  const each: number[] = []
  const end = performance.now() + SECONDS * 1_000
  while (performance.now() < end || each.length < 3) each.push(await path(directory))
  return each
}

/** us of each node itself, without what was done to begin. */
function timesOf({ nodes, samples, timeDeltas }: Profile): Map<Node, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const skipped = new Set<number>()
  const skip = (id: number): void => {
    skipped.add(id)
    for (const child of byId.get(id)!.children ?? []) skip(child)
  }
  for (const { id, callFrame } of nodes) if (preparations.has(callFrame.functionName)) skip(id)
  const times = new Map<Node, number>()
  for (const [i, id] of samples.entries()) {
    const node = byId.get(id)!
    if (skipped.has(id) || node.callFrame.functionName === '(idle)') continue
    times.set(node, (times.get(node) ?? 0) + timeDeltas[i]!)
  }
  return times
}

function fileOf({ callFrame: { url, functionName } }: Node): string {
  if (functionName === '(garbage collector)') return 'garbage collection'
  if (url === '') return 'native code'
  if (url.startsWith('node:')) return 'Node'
  if (url.includes('/rxjs/')) return 'RxJS'
  if (url.includes('/bench/')) return 'the benchmark'
  return url.replace(/^.*\/src\//, '')
}

function sum(times: Map<Node, number>, nameOf: (node: Node) => string): [string, number][] {
  const sums = new Map<string, number>()
  for (const [node, time] of times) sums.set(nameOf(node), (sums.get(nameOf(node)) ?? 0) + time)
  return [...sums].toSorted((a, b) => b[1] - a[1])
}

const [name = '', directory = fileURLToPath(new URL('../node_modules/.cache/', import.meta.url))] =
  process.argv.slice(2)
const path = paths[name]
if (path === undefined) {
  console.error(`Name a path: ${Object.keys(paths).join(', ')}.`)
  process.exit(2)
}
mkdirSync(directory, { recursive: true })
// What is compiled while a profiler looks on is known by its own name later, where it was inlined.
await record(async () => {
  await repeat(path, directory)
})
const { median, min, max } = spreadOf(await repeat(path, directory))
const times = timesOf(
  await record(async () => {
    await repeat(path, directory)
  }),
)
const all = [...times.values()].reduce((a, b) => a + b, 0)
const rows = (sums: [string, number][], most: number): string[][] =>
  sums.slice(0, most).map(([what, time]) => [what, `${digits((100 * time) / all)} %`])

console.log(`\n### ${name}: ${digits(median)} ns of CPU time each (${digits(min)} to ${digits(max)})\n`)
console.log(table(['time, waiting included, is spent in', 'share'], rows(sum(times, fileOf), 12)))
const functionOf = (node: Node): string =>
  `${fileOf(node)} ${node.callFrame.functionName || '(anonymous)'}${fileOf(node) === 'RxJS' ? `, ${basename(node.callFrame.url)}` : ''}`
console.log(`\n${table(['function', 'share'], rows(sum(times, functionOf), 15))}`)
