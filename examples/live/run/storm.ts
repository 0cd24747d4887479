import type { AlarmTime } from 'nolater'
import { random, seedOf } from '../../fleet/random.ts'
import { ACTORS, type ActorName, STEP } from './plan.ts'

/** What an actor is asked for. */
export interface Ask {
  readonly at: number
  readonly actor: ActorName
  readonly time: AlarmTime
}

const LENGTH = 9_000 // ms
const SECOND = 1_000
// ms of latency; with a slower manager the same changes come further apart, or no call would end before the next change
const BRISK = 700

/**
 * Intents for every actor, closer together than the manager can answer: most move the alarm on, as activity does, some take that back,
 * some need it sooner, some do not need it any more.
 */
export function stormOf(seed: number, start: number, latency: number): Ask[] {
  const slowness = Math.max(1, latency / BRISK)
  return ACTORS.flatMap((actor) => {
    const chance = random(seedOf(seed, 'storm', actor, start))
    return intentsOf(actor, start, slowness, chance)
  })
}

function intentsOf(actor: ActorName, start: number, slowness: number, chance: () => number): Ask[] {
  const asks: Ask[] = []
  let before: AlarmTime = null
  let time: AlarmTime = null
  const pause = (): number => Math.round((slowness * (150 + 650 * chance() ** 2)) / STEP) * STEP
  for (let at = start + pause(); at < start + slowness * LENGTH; at += pause()) {
    const soon = (Math.floor(at / SECOND) + 2) * SECOND
    const wanted = next(time, before, soon, chance)
    if (wanted === time) continue
    before = time
    time = wanted
    asks.push({ at, actor, time })
  }
  return asks
}

function next(time: AlarmTime, before: AlarmTime, soon: number, chance: () => number): AlarmTime {
  const die = chance()
  const some = Math.floor(chance() * 3) * SECOND
  if (time === null || time < soon) return soon + SECOND + some
  if (die < 0.4) return time + SECOND + some
  if (die < 0.65) return before !== null && before >= soon ? before : soon
  if (die < 0.9) return soon + some
  return null
}
