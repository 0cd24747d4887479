import type { AlarmTime } from '../../../src/index.ts'
import { type EngineOptions, type EngineState, type Fed, type RunningEngine, startEngine } from './engine.ts'
import type { EngineNumbers } from './layer.ts'

/** Where a world gets its engines from. */
export interface Engines {
  /** `now`: the clock */
  open(initial: AlarmTime, epoch: number, now: number): Fed
  /** an engine that was fed is used up: go on with the one in the answer */
  feed(engine: EngineState, input: string): Fed
}

/** Engines that run, one after the other. */
export function runEngines(options: EngineOptions): Engines {
  let running: ReturnType<typeof startEngine>
  return {
    open(initial, epoch, now) {
      running = startEngine(options, initial, epoch, now)
      return running.opened
    },
    feed: (_, input) => running.feed(input),
  }
}

/** What an engine was opened with. */
interface Beginning {
  readonly initial: AlarmTime
  /** that alarm was due by then */
  readonly isDue: boolean
}

/** A way to a state of an engine: its last input, and what came before. */
type Way = Beginning | { readonly after: Way; readonly input: string }

/** A state that an engine was seen in, and the shortest way there. */
interface Learned extends EngineState {
  readonly number: number
  readonly way: Way
  /** the last other way that was seen */
  detour: Way | null
  readonly next: Map<string, Fed>
}

export interface LearnedEngines extends Engines, EngineNumbers {
  readonly states: number
  /** inputs answered by a real engine, counting those that only led it there */
  readonly fed: number
  /** Takes every step again by another way, and throws where it ends differently. Returns the number of steps. */
  audit(): number
}

/**
 * Engines whose every step is learned once, from a real engine that is led to the state and given the input.
 *
 * An engine cannot be copied, so without this each step of each schedule would be a run from the opening. States are distinguished by their
 * key only; that the key says enough is what `audit` checks.
 */
export function learnEngines(options: EngineOptions): LearnedEngines {
  const known = new Map<string, Learned>()
  const all: Learned[] = []
  const openings = new Map<string, Fed>()
  let fed = 0

  function learn(seen: Fed, way: Way): Fed {
    let engine = known.get(seen.engine.key)
    if (engine === undefined) {
      engine = { ...seen.engine, number: all.length + 1, way, detour: null, next: new Map() }
      known.set(engine.key, engine)
      all.push(engine)
    } else engine.detour = way
    return { ...seen, engine }
  }

  const start = ({ initial, isDue }: Beginning, epoch: number): RunningEngine =>
    startEngine(options, initial, epoch, isDue ? (initial ?? 0) : 0)

  function lead(way: Way): RunningEngine {
    const { from, inputs } = wayFrom(way)
    const running = start(from, 1)
    for (const input of inputs) running.skip(input)
    fed += inputs.length + 1
    return running
  }

  return {
    open(initial, epoch, now) {
      const from = { initial, isDue: initial !== null && initial <= now }
      const name = `${initial} ${epoch} ${from.isDue}`
      let opened = openings.get(name)
      if (opened === undefined) {
        opened = learn(start(from, epoch).opened, from)
        openings.set(name, opened)
      }
      return opened
    },
    feed(engine, asked) {
      const { way, next } = engine as Learned
      const input = /^(deliver|abandon)/.test(asked) ? nearest(engine, asked) : asked
      let answer = next.get(input)
      if (answer === undefined) {
        answer = learn(lead(way).feed(input), { after: way, input })
        next.set(input, answer)
      }
      return answer
    },
    numberOf: (engine) => (engine as Learned).number,
    engineOf: (number) => all[number - 1]!,
    get states() {
      return all.length
    },
    get fed() {
      return fed
    },
    audit() {
      let steps = 0
      for (const { key, way, detour, next } of all) {
        if (detour === null) continue
        for (const [input, learned] of next) {
          const { engine, effects } = lead(detour).feed(input)
          steps++
          if (engine.key === learned.engine.key && isSame(effects, learned.effects)) continue
          throw new Error(
            `The engine's record does not say all: as "${key}" it answers "${input}" in two ways. ` +
              `${nameOf(way)}: ${learned.engine.key} ${JSON.stringify(learned.effects)}. ` +
              `${nameOf(detour)}: ${engine.key} ${JSON.stringify(effects)}.`,
          )
        }
      }
      return steps
    },
  }
}

function wayFrom(way: Way): { readonly from: Beginning; readonly inputs: readonly string[] } {
  const inputs: string[] = []
  let at = way
  for (; 'after' in at; at = at.after) inputs.push(at.input)
  return { from: at, inputs: inputs.reverse() }
}

function nameOf(way: Way): string {
  const { from, inputs } = wayFrom(way)
  return `From ${from.initial}, after ${inputs}`
}

/** Of all the fences that stand alike to those that the engine compares them with, one. */
function nearest({ floor }: EngineState, asked: string): string {
  const [name, time, fence, ...clock] = asked.split(' ')
  return [name, time, Math.max(Math.min(Number(fence), 0), floor), ...clock].join(' ')
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
