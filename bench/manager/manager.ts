import { fork } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { drawBars } from '../draw-bars.ts'
import { keepPicture } from '../results.ts'
import { makeScratch } from '../scratch.ts'
import { digits, table } from '../table.ts'
import { type ContenderId, contenders, type Entry } from './contenders.ts'
import type { Filled, Measured, Memory, Plan } from './measure.ts'

export interface ManagerResult extends Partial<Measured> {
  readonly contender: ContenderId
  readonly name: string
  readonly durability: string
  readonly pending: number
  readonly burst: number
  readonly steady: number
  readonly setsPerSecond?: number
  /** why it could not run */
  readonly failure?: string
}

const AHEAD = 1_500 // ms
const LIMIT = 240_000 // ms for a phase of a contender

/** `quick`: a tenth of everything, and nothing is drawn. */
export async function manager(quick: boolean): Promise<ManagerResult[]> {
  const root = makeScratch('manager')
  const results: ManagerResult[] = []
  try {
    for (const id of Object.keys(contenders) as ContenderId[]) {
      const directory = `${root}/${id}`
      mkdirSync(directory)
      const result = await measure(id, directory, quick ? 10 : 1)
      console.log(`${result.name}: ${result.failure ?? 'done'}`)
      results.push(result)
      rmSync(directory, { recursive: true, maxRetries: 5 }) // a server may be on its way out
    }
  } finally {
    rmSync(root, { recursive: true, maxRetries: 5 })
  }
  console.log(`\n${print(results)}`)
  if (!quick) draw(results)
  return results
}

async function measure(id: ContenderId, directory: string, share: number): Promise<ManagerResult> {
  const { name, durability, forgets, ...entry }: Entry = contenders[id]
  const { pending, steady, burst, ahead = AHEAD } = entry
  const scale = { pending: pending / share, steady: steady / share, burst: burst / share }
  const plan = { directory, ahead, ...scale }
  const about = { contender: id, name, durability, ...scale }
  try {
    if (forgets) {
      const measured = await inProcess<Measured>(id, 'fire', plan)
      return { ...about, ...measured }
    }
    const filled = await inProcess<Filled>(id, 'fill', plan)
    const measured = await inProcess<Measured>(id, 'fire', { ...plan, filled })
    return { ...about, setsPerSecond: filled.perSecond, ...measured }
  } catch (error) {
    return { ...about, failure: (error as Error).message.replaceAll(/\s+/g, ' ').slice(0, 300) }
  }
}

function inProcess<T>(id: ContenderId, phase: 'fill' | 'fire', plan: Plan): Promise<T> {
  const lane = fork(new URL('./lane.ts', import.meta.url), [id, phase, JSON.stringify(plan)], {
    detached: true, // a group of its own, to be ended with its servers
    env: { ...process.env, NODE_COMPILE_CACHE: `${plan.directory}/../compiled` }, // what compiles TypeScript weighs 30 MB
  })
  // It leads a group of its own, which does not get the signals of a terminal.
  const leave = (): void => void process.kill(-lane.pid!, 'SIGKILL')
  process.prependListener('exit', leave)
  return new Promise<T>((resolve, reject) => {
    const limit = setTimeout(() => {
      reject(new Error(`${id}, ${phase} took more than ${LIMIT / 1000} s`))
      process.kill(-lane.pid!, 'SIGKILL')
    }, LIMIT)
    let answer: { result?: T; failure?: string } = {
      failure: `the process of ${id}, ${phase}, ended without a result`,
    }
    lane.on('message', (message) => {
      answer = message as typeof answer
    })
    lane.on('error', reject).on('exit', () => {
      process.off('exit', leave)
      clearTimeout(limit)
      if (answer.failure === undefined) resolve(answer.result as T)
      else reject(new Error(answer.failure))
    })
  })
}

function print(results: readonly ManagerResult[]): string {
  const head = [
    'alarms',
    'pending',
    'sets/s',
    'opened in ms',
    'MB at rest',
    'MB afterwards',
    'late ms p50',
    'p99',
    'max',
    'burst',
    'fires/s',
    'result',
    'durable',
  ]
  const rows = results.map((result) => [
    result.name,
    digits(result.pending),
    result.setsPerSecond === undefined ? '' : digits(result.setsPerSecond),
    ...figures(result),
    result.failure !== undefined
      ? `could not run: ${result.failure}`
      : result.wrong!.length > 0
        ? `WRONG: ${result.wrong!.join(', ')}`
        : 'right',
    result.durability,
  ])
  return table(head, rows)
}

function figures(result: ManagerResult): string[] {
  if (result.failure !== undefined) return ['', '', '', '', '', '', '', '']
  const { openedIn, atRest, afterwards, lateness, burst, firesPerSecond } = result as ManagerResult & Measured
  return [
    digits(openedIn),
    printMemory(atRest),
    printMemory(afterwards),
    ...[lateness.p50, lateness.p99, lateness.max].map(digits),
    digits(burst),
    digits(firesPerSecond),
  ]
}

function printMemory({ client, servers }: Memory): string {
  if (servers === 0) return digits(client)
  return `${digits(client)} + ${servers === null ? '?' : digits(servers)}`
}

function draw(results: readonly ManagerResult[]): void {
  const ran = results.filter((result): result is ManagerResult & Measured => result.failure === undefined)
  const bars = (figureOf: (measured: Measured) => number, unit: string) =>
    ran.map((result) => {
      const value = figureOf(result)
      return {
        name: result.name,
        // A bar on a logarithmic axis has no zero.
        value: Math.max(value, 0.5),
        label: `${digits(value)} ${unit}, ${digits(result.pending)} pending`,
        ...(result.wrong.length > 0 ? { warning: result.wrong.join(', ') } : {}),
      }
    })
  const memoryOf = ({ atRest }: Measured): number => atRest.client + (atRest.servers ?? 0)
  keepPicture(
    'manager-fires',
    drawBars(
      'Alarms due at once, fires a second',
      '/s',
      bars((m) => m.firesPerSecond, '/s'),
    ),
  )
  keepPicture(
    'manager-lateness',
    drawBars(
      '1,000 fires a second, lateness of the 99th of 100',
      'ms',
      bars((m) => m.lateness.p99, 'ms'),
    ),
  )
  keepPicture(
    'manager-memory',
    drawBars('Memory with alarms pending, the servers included', 'MB', bars(memoryOf, 'MB')),
  )
}
