import { fork } from 'node:child_process'
import { once } from 'node:events'
import { awaitProcess } from '../../examples/processes/await-process.ts'
import { digits, table } from '../table.ts'

interface Percentiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** How late handlers began, and how long the event loop was kept from other work, ms; and the resident memory of each second. */
interface Steady {
  readonly firesPerSecond: number
  readonly lateness: Percentiles
  readonly delay: Percentiles
  readonly rss: readonly number[]
}

const ACTORS = 1_000_000
const PERIOD = 100_000 // ms: ten thousand a second
const SECONDS = 600
const QUICK = 30
const SET_UP = 120_000 // ms

/** A million actors in one process, ten thousand of which are woken each second, for ten minutes. */
export async function steady(isQuick: boolean): Promise<Steady> {
  const seconds = isQuick ? QUICK : SECONDS
  const lane = fork(new URL('./lane.ts', import.meta.url), [ACTORS, seconds, PERIOD].map(String), {
    execArgv: ['--max-old-space-size=8192'],
  })
  const what = `${seconds} s of ${ACTORS} actors`
  const [[measured]] = await awaitProcess(
    lane,
    what,
    Promise.all([once(lane, 'message'), once(lane, 'exit')]),
    seconds * 1_000 + SET_UP,
  )
  console.log(print(measured))
  return measured
}

function print({ firesPerSecond, lateness, delay, rss }: Steady): string {
  const of = ({ p50, p99, max }: Percentiles): string[] => [p50, p99, max].map((ms) => `${digits(ms)} ms`)
  return [
    `${digits(firesPerSecond)} fires/s`,
    table(
      ['', 'p50', 'p99', 'max'],
      [
        ['late', ...of(lateness)],
        ['event loop', ...of(delay)],
      ],
    ),
    `resident ${megabytes(rss[0]!)} in the first second, ${megabytes(rss.at(-1)!)} in the last, ${megabytes(Math.max(...rss))} at most`,
  ].join('\n\n')
}

function megabytes(bytes: number): string {
  return `${digits(bytes / 1e6)} MB`
}
