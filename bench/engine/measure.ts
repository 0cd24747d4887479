import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { awaitProcess } from '../../examples/processes/await-process.ts'
import { type RivalId, rivalIds } from '../rivals/index.ts'
import { type Spread, spreadOf } from '../stats.ts'
import type { Sample } from './sample.ts'
import { type Scenario, type ScenarioId, scenarios } from './scenarios.ts'

const LONGEST = 300_000 // ms for one sample
const CHAIN: RivalId = 'promise-chain'

/** What one rival came to in one scenario. */
export interface Outcome {
  readonly rival: RivalId
  readonly intents: number
  readonly repetitions: number
  /** ns an intent */
  readonly handedOver: Spread
  readonly drained: Spread
  readonly writes: number
  readonly commits: number
  readonly inside: boolean
  /** how many times as fast as the base, a promise chain where none is named, in the same repetition, until all is handed over and until all is done */
  readonly ratio: Spread
  readonly ratioDrained: Spread
  readonly wrong: readonly string[]
}

export interface Result {
  readonly scenario: ScenarioId
  readonly title: string
  readonly compare: Scenario['compare']
  readonly outcomes: readonly Outcome[]
}

/** What takes too long for the full number: a mutex that searches its backlog, a switchMap that cancels all of it, a semaphore that wakes all that wait. */
const fewer: Partial<Record<RivalId, number>> = {
  'async-mutex': 20_000,
  'switch-map': 20_000,
  'effect-semaphore': 4_000,
}

interface Lane {
  readonly rival: RivalId
  readonly intents: number
  readonly process: ChildProcess
  readonly samples: Sample[]
}

/** All rivals side by side: after a warm-up each repetition goes once through all of them, beginning with another each time. */
export async function measure(
  id: ScenarioId,
  repetitions: number,
  rivals: readonly RivalId[] = rivalIds,
  base: RivalId = CHAIN,
): Promise<Result> {
  const { title, compare, intents } = scenarios[id]
  const lanes: Lane[] = []
  for (const rival of rivals) lanes.push(await openLane(rival, id, intents))
  try {
    for (const lane of lanes) for (const share of [20, 2, 1]) await ask(lane, Math.ceil(lane.intents / share))
    for (let i = 0; i < repetitions; i++) {
      for (let j = 0; j < lanes.length; j++) {
        const lane = lanes[(i + j) % lanes.length]!
        lane.samples.push(await ask(lane, lane.intents))
      }
    }
  } finally {
    for (const lane of lanes) lane.process.kill()
  }
  const chain = lanes.find(({ rival }) => rival === base)!
  return { scenario: id, title, compare, outcomes: lanes.map((lane) => outcomeOf(lane, chain)) }
}

async function openLane(rival: RivalId, scenario: ScenarioId, all: number): Promise<Lane> {
  const child = fork(new URL('./lane.ts', import.meta.url), [rival, scenario], {
    execArgv: ['--single-threaded-gc'], // so that each rival's time includes all of its garbage
  })
  await answerOf(child)
  return { rival, intents: Math.min(all, fewer[rival] ?? all), process: child, samples: [] }
}

async function ask(lane: Lane, intents: number): Promise<Sample> {
  lane.process.send(intents)
  return (await answerOf(lane.process)) as Sample
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  return (await awaitProcess(child, 'its sample', once(child, 'message'), LONGEST))[0]
}

function outcomeOf({ rival, samples }: Lane, chain: Lane): Outcome {
  const last = samples.at(-1)!
  return {
    rival,
    intents: last.intents,
    repetitions: samples.length,
    handedOver: spreadOf(samples.map((sample) => sample.handedOver)),
    drained: spreadOf(samples.map((sample) => sample.drained)),
    writes: last.writes,
    commits: last.commits,
    inside: samples.every((sample) => sample.inside),
    ratio: spreadOf(samples.map((sample, i) => chain.samples[i]!.handedOver / sample.handedOver)),
    ratioDrained: spreadOf(samples.map((sample, i) => chain.samples[i]!.drained / sample.drained)),
    wrong: [...new Set(samples.flatMap((sample) => sample.wrong))],
  }
}
