import type { AlarmTime, Rival } from '../rival.ts'
import { ask, askAll, recordTrace, START } from '../trace.ts'
import { type Answers, World } from '../world.ts'
import { judge, type Sample, startWatch } from './sample.ts'

export interface Scenario {
  readonly title: string
  /** intents a repetition */
  readonly intents: number
  /** which time is compared */
  readonly compare: 'handedOver' | 'drained'
  run(rival: Rival, intents: number): Promise<Sample>
}

/** Everything is asked while one write is in flight, which ends only then. */
async function burst(rival: Rival, n: number, store: Answers): Promise<Sample> {
  const trace = recordTrace(n)
  const world = new World(START, store, 'later')
  const actor = rival.open(world.ports, START, 'actor')
  world.hold()
  const isWriting = new Promise<void>((resolve) => {
    world.onWrite = resolve
  })
  actor.set(START + 1_800_000)
  await isWriting
  const watch = startWatch()
  askAll(actor, trace)
  const handedOver = watch()
  world.release()
  await rival.drained(actor)
  return sample(world, trace, handedOver, watch())
}

/** Each move waits until the one before is everywhere, so none can be merged. */
async function alternation(rival: Rival, n: number): Promise<Sample> {
  const trace = alternating(n)
  const world = new World(START, 'later', 'later')
  const actor = rival.open(world.ports, START, 'actor')
  const watch = startWatch()
  for (const time of trace) {
    ask(actor, time)
    await rival.drained(actor)
  }
  const drained = watch()
  return sample(world, trace, drained, drained)
}

/** The opposite move comes while each write is in flight, so that every one has to be made. */
async function crossing(rival: Rival, n: number): Promise<Sample> {
  const trace = alternating(n)
  const world = new World(START, 'later', 'later')
  const actor = rival.open(world.ports, START, 'actor')
  let asked = 0
  const next = (): void => ask(actor, trace[asked++] as AlarmTime)
  const watch = startWatch()
  const isOver = new Promise<void>((resolve) => {
    world.onWrite = () => {
      if (asked < n) queueMicrotask(next)
      else resolve()
    }
  })
  next()
  await isOver
  await rival.drained(actor)
  const drained = watch()
  return sample(world, trace, drained, drained)
}

/** The store and the manager answer inside the call; nothing is asked before they have the intent before. */
async function synchronous(rival: Rival, n: number): Promise<Sample> {
  const trace = recordTrace(n)
  const world = new World(START, 'at once', 'at once')
  const actor = rival.open(world.ports, START, 'actor')
  let isInside = true
  const watch = startWatch()
  for (const time of trace) {
    ask(actor, time)
    if (world.has(time)) continue
    isInside = false
    await rival.drained(actor)
  }
  const drained = watch()
  return { ...sample(world, trace, drained, drained), inside: isInside }
}

/** The alarm that is set already, set again and again. */
async function noOps(rival: Rival, n: number): Promise<Sample> {
  const world = new World(START, 'later', 'later')
  const actor = rival.open(world.ports, START, 'actor')
  const trace = new Array<AlarmTime>(n).fill(START)
  const watch = startWatch()
  askAll(actor, trace)
  const handedOver = watch()
  await rival.drained(actor)
  const drained = watch()
  return sample(world, trace, handedOver, drained)
}

function sample(world: World, trace: readonly AlarmTime[], handedOver: number, drained: number): Sample {
  return {
    intents: trace.length,
    handedOver: handedOver / trace.length,
    drained: drained / trace.length,
    writes: world.writes,
    commits: world.commits,
    inside: false,
    wrong: judge(world, trace.at(-1) as AlarmTime),
  }
}

function alternating(n: number): number[] {
  return Array.from({ length: n }, (_, i) => (i % 2 === 0 ? START + 1 + i : START - 1 - i))
}

export const scenarios = {
  burst: {
    title: 'Burst while one write is in flight, a store that answers later',
    intents: 200_000,
    compare: 'handedOver',
    run: (rival, n) => burst(rival, n, 'later'),
  },
  'burst-at-once': {
    title: 'The same burst, a store that commits inside the call',
    intents: 200_000,
    compare: 'handedOver',
    run: (rival, n) => burst(rival, n, 'at once'),
  },
  alternation: {
    title: 'Alternating moves, each waits until the one before is everywhere',
    intents: 20_000,
    compare: 'drained',
    run: alternation,
  },
  crossing: {
    title: 'Alternating moves, each comes while the write before is in flight',
    intents: 20_000,
    compare: 'drained',
    run: crossing,
  },
  synchronous: {
    title: 'A store and a manager that answer inside the call',
    intents: 50_000,
    compare: 'drained',
    run: synchronous,
  },
  'no-op': {
    title: 'The same alarm set again',
    intents: 200_000,
    compare: 'handedOver',
    run: noOps,
  },
} satisfies Record<string, Scenario>

export type ScenarioId = keyof typeof scenarios
