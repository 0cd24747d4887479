import type { AlarmEvent, AlarmTime } from '../../src/index.ts'
import { isNoLater } from '../world/judge.ts'
import { type Library, library as sources } from './library.ts'
import { describe, isOnPurpose } from './on-purpose.ts'
import type { Programme } from './programme.ts'
import { uncaught } from './uncaught.ts'
import { keys, openWorld, type World } from './world.ts'

export interface Outcome {
  readonly programme: Programme
  readonly faults: readonly string[]
  readonly events: readonly AlarmEvent[]
  /** words that happened */
  readonly steps: number
}

const MINUTE = 60_000

/** Called with each programme that is run: what it does may never return. */
export const started: ((programme: Programme) => void)[] = []

/** Runs a programme, lets the world come to rest, and says what was wrong. */
export async function runProgramme(programme: Programme, library: Library = sources): Promise<Outcome> {
  for (const call of started) call(programme)
  const heard = uncaught()
  const world = openWorld(library, programme.setting)
  let steps = 0
  try {
    world.fork()
    for (const word of programme.words) {
      world.network.begin()
      steps++
      await happen(world, word)
      world.look()
      if (world.judge.faults.length > 0) break
    }
    if (world.judge.faults.length === 0) await comeToRest(world)
  } catch (error) {
    world.judge.fault(`the world stops: ${describe(error)}`)
  }
  try {
    world.close()
  } catch (error) {
    world.judge.fault(`closing throws ${describe(error)}`)
  }
  for (const error of await heard.end()) {
    if (!isOnPurpose(error, world.thrown)) world.judge.fault(`uncaught: ${describe(error)}`)
  }
  return { programme, faults: world.judge.faults, events: world.events, steps }
}

async function pass(world: World, ms: number): Promise<void> {
  const until = world.elapsed() + ms
  for (;;) {
    const left = until - world.elapsed()
    await world.clock.advanceAsync(Math.min(left, 10_000))
    world.network.begin()
    world.look()
    if (left <= 10_000 || world.judge.faults.length > 0) return
  }
}

const KINDS = ['write', 'commit', 'load'] as const

/** What can happen: `+90` ms pass, `step-90` the clock is set back, `a.set5`, `a'.set5` in the process before. */
async function happen(world: World, word: string): Promise<void> {
  const [, target = '', old = '', rest = ''] = /^([abc])('?)\.(.+)$/.exec(word) ?? []
  if (target !== '') {
    const { processes } = world
    const process = old === '' ? world.current() : processes.length > 1 ? processes.at(-2)! : null
    if (process !== null) actorDoes(world, process, target, rest)
  } else if (word.startsWith('+')) return pass(world, Number(word.slice(1)))
  else if (word.startsWith('step')) world.step(Number(word.slice(4)))
  else worldDoes(world, word)
  await world.clock.advanceAsync(0)
}

function actorDoes(world: World, process: World['processes'][number], key: string, what: string): void {
  const [verb = '', fate] = what.split('!')
  if (fate !== undefined) {
    if (verb === 'run' || verb === 'abandon') world.parts.expect(key, verb, fate)
    else world.network.expect(key, KINDS.find((kind) => kind === verb)!, fate)
    return
  }
  const [first = '', then] = what.split('>')
  if (first === 'send') process.send(key, then)
  else if (first === 'confirmed' || first === 'drained') process.wait(first, key, then)
  else if (first === 'reopen') process.reopen(key)
  else world.ask(process, key, first)
}

function worldDoes(world: World, word: string): void {
  const process = world.current()
  switch (word) {
    case 'fork':
      if (world.processes.length < 3) world.fork()
      break
    case 'die':
      process.die()
      if (world.processes.length === 0) world.fork()
      break
    case 'bury':
      if (world.processes.length > 1) world.processes[0]!.die()
      break
    case 'close':
      process.close()
      world.processes.pop()
      if (world.processes.length === 0) world.fork()
      break
    case 'restore':
      world.restore()
      break
    case 'pause':
      process.pause()
      break
    case 'resume':
      process.resume()
      break
    default:
      throw new Error(`"${word}" is nothing that can happen`)
  }
}

/** From here on nothing fails: all that waits is answered, the store and the manager agree, and every alarm runs. */
async function comeToRest(world: World): Promise<void> {
  const { judge, setting } = world
  world.network.begin()
  world.calm()
  await pass(world, 2 * MINUTE)
  if (judge.faults.length > 0) return
  for (const process of world.processes) {
    for (const waiter of process.waiting) judge.fault(`at rest it is not answered: ${waiter}`)
  }
  for (const process of [...world.processes]) process.die()
  if (judge.faults.length > 0) return
  const process = world.fork()
  process.pause()
  for (const key of keys) {
    process.wait('drained', key)
  }
  await pass(world, 2 * MINUTE)
  for (const waiter of process.waiting) judge.fault(`at rest it is not answered: ${waiter}`)
  const standing = new Map<string, AlarmTime>()
  for (const key of keys) {
    const time = world.store.read(key)
    standing.set(key, time)
    if (setting.reconcile === 'true' && world.held(key) !== time)
      judge.fault(`at rest the manager holds ${world.held(key)} of ${key}, the store ${time}`)
  }
  if (judge.faults.length > 0) return
  const from = world.runs.length
  world.givenUp.clear()
  process.resume()
  const last = Math.max(
    ...keys.flatMap((key) => [world.held(key) ?? 0, world.store.read(key) ?? 0]),
    world.clock.now(),
  )
  await pass(world, last - world.clock.now() + 1_100_000)
  if (judge.faults.length > 0) return
  for (const waiter of process.waiting) judge.fault(`at rest it is not answered: ${waiter}`)
  for (const [key, time] of standing) {
    if (
      time !== null &&
      !world.givenUp.has(key) &&
      !world.isKept(key) &&
      !world.runs.slice(from).some((run) => run.key === key && run.time === time)
    ) {
      judge.fault(`an alarm of ${key} was never handled`)
    }
    if (world.isKept(key) && isNoLater(world.held(key), world.store.read(key))) continue
    if (world.held(key) !== null) judge.fault(`an alarm of ${key} is delivered and stays with the manager`)
    if (world.store.read(key) !== null)
      judge.fault(`an alarm of ${key} is lost: the store goes on holding it`)
  }
}
