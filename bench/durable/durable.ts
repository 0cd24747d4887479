import { mkdirSync, rmSync } from 'node:fs'
import { makeScratch } from '../scratch.ts'
import { type Spread, spreadOf } from '../stats.ts'
import { digits, table } from '../table.ts'
import type { Contender, Open } from './contender.ts'
import { ownDatabases, sharedDatabase } from './nolater.ts'
import { rawDatabases } from './raw-sqlite.ts'
import { durableObjects } from './workerd.ts'

interface Setup {
  readonly name: string
  readonly actors: number
  /** sets of each actor in a repetition */
  readonly sets: number
  readonly open: Open
}

export interface Throughput {
  readonly name: string
  readonly actors: number
  readonly sets: number
  /** sets a second that are durable in the store and with the manager */
  readonly perSecond: Spread | null
  /** as many times as fast as workerd with as many actors */
  readonly ratio: number | null
  readonly wrong: number
  /** why it could not run */
  readonly failure?: string
}

const REPETITIONS = 5

// The same durability for everybody: WAL, synchronous = FULL, one fsync of the actor's database and one of the manager's before a set
// counts. A group of sets that share a database shares them.
const setups: readonly Setup[] = [
  { name: 'nolater, a database each', actors: 1, sets: 1_000, open: ownDatabases },
  { name: 'workerd, Durable Object', actors: 1, sets: 1_000, open: durableObjects },
  { name: 'nolater, a database each', actors: 1_000, sets: 3, open: ownDatabases },
  { name: 'workerd, Durable Objects', actors: 1_000, sets: 3, open: durableObjects },
  { name: 'nolater, one database', actors: 1_000, sets: 50, open: sharedDatabase },
  { name: 'node:sqlite by hand', actors: 1_000, sets: 50, open: rawDatabases },
]

interface Lane extends Setup {
  readonly contender: Contender | null
  readonly failure?: string
  readonly perSecond: number[]
  wrong: number
}

export async function durable(): Promise<Throughput[]> {
  const root = makeScratch('durable')
  const lanes: Lane[] = []
  try {
    for (const [i, setup] of setups.entries()) {
      const directory = `${root}/${i}`
      mkdirSync(directory)
      lanes.push(await openLane(setup, directory))
    }
    for (let i = 0; i < REPETITIONS; i++) {
      for (let j = 0; j < lanes.length; j++) await repeat(lanes[(i + j) % lanes.length]!)
    }
  } finally {
    for (const { contender } of lanes) await contender?.close()
    rmSync(root, { recursive: true })
  }
  const results = lanes.map((lane) => resultOf(lane, lanes))
  console.log(`\n${print(results)}`)
  return results
}

/** Opened and warmed up: every actor exists, and has been set. */
async function openLane(setup: Setup, directory: string): Promise<Lane> {
  try {
    const contender = await setup.open(directory)
    await contender.set(setup.actors, someTimes(1))
    return { ...setup, contender, perSecond: [], wrong: 0 }
  } catch (error) {
    return { ...setup, contender: null, failure: String(error), perSecond: [], wrong: 0 }
  }
}

async function repeat(lane: Lane): Promise<void> {
  if (lane.contender === null) return
  const times = someTimes(lane.sets)
  const begin = process.hrtime.bigint()
  const ends = await lane.contender.set(lane.actors, times)
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9
  lane.perSecond.push((lane.actors * lane.sets) / seconds)
  lane.wrong += ends.filter((end) => end !== times.at(-1)).length
}

/** Tomorrow, earlier and later in turn, so that every set is a move and none is due. */
function someTimes(sets: number): number[] {
  const tomorrow = Date.now() + 86_400_000
  return Array.from({ length: sets }, (_, i) => tomorrow + (i % 2 === 0 ? i : -i) * 1_000)
}

function resultOf({ contender, ...lane }: Lane, lanes: readonly Lane[]): Throughput {
  const rival = lanes.find(({ actors, open }) => actors === lane.actors && open === durableObjects)
  const isMeasured = lane.perSecond.length > 0
  const isCompared = isMeasured && rival !== undefined && rival.perSecond.length > 0
  return {
    name: lane.name,
    actors: lane.actors,
    sets: lane.sets,
    perSecond: isMeasured ? spreadOf(lane.perSecond) : null,
    ratio: isCompared ? spreadOf(lane.perSecond.map((speed, i) => speed / rival.perSecond[i]!)).median : null,
    wrong: lane.wrong,
    ...(lane.failure === undefined ? {} : { failure: lane.failure }),
  }
}

function print(results: readonly Throughput[]): string {
  return table(
    ['durable sets', 'actors', 'sets/s', 'min to max', 'x workerd', 'result'],
    results.map(({ name, actors, perSecond, ratio, wrong, failure }) => [
      name,
      digits(actors),
      perSecond === null ? '' : digits(perSecond.median),
      perSecond === null ? '' : `${digits(perSecond.min)} to ${digits(perSecond.max)}`,
      ratio === null ? '' : digits(ratio),
      failure !== undefined ? `could not run: ${failure}` : wrong > 0 ? `WRONG: ${wrong} ends` : 'right',
    ]),
  )
}
