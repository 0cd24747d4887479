import type { EngineState } from './engine.ts'
import type { Budget, Lease, Stray, World } from './world.ts'

/** Worlds in the order in which they were added, each with the number of its state. */
export interface Layer {
  readonly size: number
  add(world: World, state: number): void
  /** Each once; what was read is gone. */
  drain(): Iterable<readonly [world: World, state: number]>
}

/** Engines by number; 0 is none. */
export interface EngineNumbers {
  numberOf(engine: EngineState): number
  engineOf(number: number): EngineState
}

/** All of them: a field that is missing here would be lost. */
const fieldsOf = <T>(fields: Record<keyof T, true>): readonly string[] => Object.keys(fields)

type Nested =
  | 'engine'
  | 'left'
  | 'commit'
  | 'manager'
  | 'write'
  | 'strays'
  | 'lease'
  | 'orphan'
  | 'values'
  | 'run'

const own = fieldsOf<Omit<World, Nested | 'fault'>>({
  clock: true,
  epoch: true,
  fence: true,
  acked: true,
  store: true,
  desired: true,
  asked: true,
  gated: true,
  durable: true,
  consumed: true,
  ran: true,
  ranBefore: true,
  mayBeEarly: true,
  writes: true,
  commits: true,
})
const left = fieldsOf<Budget>({
  intents: true,
  wakes: true,
  failures: true,
  crashes: true,
  late: true,
  abandons: true,
})
const commit = fieldsOf<NonNullable<World['commit']>>({
  time: true,
  was: true,
  asked: true,
  applied: true,
  fence: true,
  isNew: true,
})
const manager = fieldsOf<World['manager']>({ time: true, fence: true, setBy: true, failed: true })
const write = fieldsOf<NonNullable<World['write']>>({
  time: true,
  fence: true,
  early: true,
  again: true,
  applied: true,
})
const lease = fieldsOf<Lease>({ time: true, fence: true, setBy: true, state: true, kept: true })
const run = fieldsOf<NonNullable<World['run']>>({ time: true, consumes: true, orphan: true })
const strayWrite = fieldsOf<Extract<Stray, { time: unknown }>>({ fence: true, time: true, again: true })
const strayDone = fieldsOf<Extract<Stray, { done: unknown }>>({ fence: true, done: true, kept: true })
const states: readonly string[] = ['open', 'exhausted', 'asked', 'answered'] satisfies Lease['state'][]

const [NONE, YES, NO, FIRST_STATE] = [-(2 ** 31), 2 ** 31 - 1, 2 ** 31 - 2, 2 ** 31 - 10]
const CHUNK = 2 ** 18
const MOST = 512 // words of one world

/**
 * A layer in flat memory: as objects, the worlds of the largest bounds take ten times as much, which the garbage collector visits again
 * and again.
 */
export function openLayer(engines: EngineNumbers): Layer {
  let size = 0
  const chunks: { readonly words: Int32Array; used: number }[] = []
  let words: Int32Array = new Int32Array()
  let at = 0

  function put(value: unknown): void {
    if (typeof value === 'number') {
      if (Math.abs(value) >= FIRST_STATE / 2)
        throw new RangeError(`Too much for a layer: ${value}. Explore less at a time.`)
      words[at++] = value * 2 // the fence of what is kept in place of an alarm is half way to the next one
    } else if (typeof value === 'string') words[at++] = FIRST_STATE + states.indexOf(value)
    else words[at++] = value === null ? NONE : value === true ? YES : NO
  }

  function take(): unknown {
    const word = words[at++]!
    if (word === NONE) return null
    if (word >= NO) return word === YES
    return word >= FIRST_STATE ? states[word - FIRST_STATE] : word / 2
  }

  function putFields(from: object | null, fields: readonly string[]): void {
    put(from !== null)
    if (from === null) return
    for (const field of fields) put((from as Record<string, unknown>)[field])
  }

  function takeFields<T>(fields: readonly string[]): T {
    const to: Record<string, unknown> = {}
    if (take() === false) return null as T
    for (const field of fields) to[field] = take()
    return to as T
  }

  function putList<T>(list: readonly T[], putOne: (item: T) => void): void {
    put(list.length)
    for (const item of list) putOne(item)
  }

  const takeList = <T>(takeOne: () => T): T[] => Array.from({ length: take() as number }, takeOne)

  function putWorld(world: World): void {
    put(world.engine === null ? 0 : engines.numberOf(world.engine))
    putFields(world, own)
    putFields(world.left, left)
    putFields(world.commit, commit)
    putFields(world.manager, manager)
    putFields(world.write, write)
    putFields(world.lease, lease)
    putFields(world.orphan, lease)
    putFields(world.run, run)
    putList(world.values, put)
    putList(world.strays, (stray) => {
      put('done' in stray)
      putFields(stray, 'done' in stray ? strayDone : strayWrite)
    })
  }

  function takeWorld(): World {
    const engine = take() as number
    return {
      engine: engine === 0 ? null : engines.engineOf(engine),
      ...takeFields<Omit<World, Nested | 'fault'>>(own),
      left: takeFields(left),
      commit: takeFields(commit),
      manager: takeFields(manager),
      write: takeFields(write),
      lease: takeFields(lease),
      orphan: takeFields(lease),
      run: takeFields(run),
      values: takeList(() => take() as number),
      strays: takeList(() => takeFields<Stray>(take() === true ? strayDone : strayWrite)),
      fault: null,
    }
  }

  return {
    get size() {
      return size
    },
    add(world, state) {
      let chunk = chunks.at(-1)
      if (chunk === undefined || chunk.used > CHUNK - MOST) {
        chunk = { words: new Int32Array(CHUNK), used: 0 }
        chunks.push(chunk)
      }
      words = chunk.words
      at = chunk.used
      words[at++] = state
      putWorld(world)
      chunk.used = at
      size++
    },
    *drain() {
      for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
        for (let next = 0; next < chunk.used; next = at) {
          words = chunk.words
          at = next
          const state = words[at++]!
          yield [takeWorld(), state]
        }
      }
      size = 0
    },
  }
}
