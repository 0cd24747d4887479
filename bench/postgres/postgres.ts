import { rmSync } from 'node:fs'
import { loadavg } from 'node:os'
import { servePostgres } from '../manager/serve-postgres.ts'
import { makeScratch } from '../scratch.ts'
import { type Spread, spreadOf } from '../stats.ts'
import { digits, table } from '../table.ts'
import { plain, tuned } from './graphile-worker.ts'
import { gaps, type Measured, measure, ways } from './measure.ts'
import { nolater } from './nolater.ts'

const contenders = [nolater, plain, tuned]
const ROUNDS = 3

export interface PostgresResult {
  readonly name: string
  readonly rounds: readonly Measured[]
}

/** nolater beside graphile-worker, on one server, in turns. `quick`: a tenth, once. */
export async function postgres(quick: boolean): Promise<{ load: number[]; results: PostgresResult[] }> {
  const root = makeScratch('postgres')
  const server = await servePostgres(root)
  const rounds = new Map(contenders.map(({ name }): [string, Measured[]] => [name, []]))
  const load: number[] = []
  try {
    for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
      for (let turn = 0; turn < contenders.length; turn++) {
        const contender = contenders[(round + turn) % contenders.length]!
        const schema = `round_${round}_${turn}`
        load.push(loadavg()[0]!)
        rounds
          .get(contender.name)!
          .push(await measure(contender, server.connectionString, schema, quick ? 10 : 1))
        console.log(`round ${round + 1}: ${contender.name} done`)
      }
    }
  } finally {
    await server.close()
    rmSync(root, { recursive: true, force: true, maxRetries: 5 })
  }
  const results = [...rounds].map(([name, measured]) => ({ name, rounds: measured }))
  console.log(`\nload ${digits(Math.min(...load))} to ${digits(Math.max(...load))}\n`)
  console.log(print(results))
  return { load, results }
}

function print(results: readonly PostgresResult[]): string {
  const of = ({ rounds }: PostgresResult, figure: (measured: Measured) => number): Spread =>
    spreadOf(rounds.map(figure))
  const [ours, bare, batched] = results as [PostgresResult, PostgresResult, PostgresResult]
  const show = ({ median, min, max }: Spread): string =>
    min === max ? digits(median) : `${digits(median)} (${digits(min)} to ${digits(max)})`
  const head = ['median (least to most)', ...results.map(({ name }) => name)]
  const line = (name: string, figure: (measured: Measured) => number): string[] => [
    name,
    ...results.map((result) => show(of(result, figure))),
  ]
  const rows = [
    ...ways.map(({ name }, i) => line(`sets/s, ${name}`, (m) => m.setsPerSecond[i]!)),
    line('fires/s, of a backlog', (m) => m.firesPerSecond),
    ...gaps.flatMap((gap, i) => [
      line(`late ms p50, one each ${gap} ms`, (m) => m.lateness[i]!.p50),
      line(`late ms p99, one each ${gap} ms`, (m) => m.lateness[i]!.p99),
    ]),
    ['result', ...results.map(({ rounds }) => rounds.flatMap(({ wrong }) => wrong).join(', ') || 'right')],
  ]
  /** within one round, as everything else was the same then */
  const ratio = (other: PostgresResult, a: (m: Measured) => number, b: (m: Measured) => number): string =>
    show(spreadOf(ours.rounds.map((m, i) => a(m) / b(other.rounds[i]!))))
  const grouped = (m: Measured): number => m.setsPerSecond.at(-1)!
  const fires = (m: Measured): number => m.firesPerSecond
  const aims = [
    [
      'grouped sets, beside add_job one by one',
      '20 or more',
      ratio(bare, grouped, (m) => m.setsPerSecond[0]!),
    ],
    [
      'grouped sets, beside add_job 10 at a time',
      '20 or more',
      ratio(bare, grouped, (m) => m.setsPerSecond[1]!),
    ],
    ['fires, beside plain jobs', '0.5 or more', ratio(bare, fires, fires)],
    ['fires, beside tuned ones', '0.5 or more', ratio(batched, fires, fires)],
    ...gaps.map((gap, i) => [
      `late ms p99, one each ${gap} ms`,
      'under 50',
      show(of(ours, (m) => m.lateness[i]!.p99)),
    ]),
  ]
  return `${table(head, rows)}\n\n${table(['nolater/postgres', 'aim', 'is'], aims)}`
}
