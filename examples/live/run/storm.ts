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

/**
 * Intents for every actor, closer together than the manager can answer: most move the alarm on, as activity does, some take that back,
 * some need it sooner, some do not need it any more.
 */
export function stormOf(seed: number, start: number): Ask[] {
  return ACTORS.flatMap((actor) => intentsOf(actor, start, random(seedOf(seed, 'storm', actor, start))))
}

function intentsOf(actor: ActorName, start: number, chance: () => number): Ask[] {
  const asks: Ask[] = []
  let before: AlarmTime = null
  let time: AlarmTime = null
  for (let at = start + pause(chance); at < start + LENGTH; at += pause(chance)) {
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

const pause = (chance: () => number): number => Math.round((150 + 650 * chance() ** 2) / STEP) * STEP
