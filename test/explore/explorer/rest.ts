import type { Setting } from './apply-effects.ts'
import { friendlyMove } from './moves.ts'
import { step } from './step.ts'
import type { World } from './world.ts'

const nothingElse = { intents: 0, wakes: 7, failures: 0, crashes: 0, late: 0, abandons: 0 }

/** A world at rest, where from now on nothing is asked and nothing fails. */
export function leaveAlone(world: World): World {
  return { ...world, left: nothingElse, strays: [], consumed: 0 }
}

/** Lets the wake-ups of a world that is left alone come, until there are none. */
export function watch(setting: Setting, alone: World): { fault: string | null; moves: string[] } {
  const moves: string[] = []
  let world = alone
  for (let move = friendlyMove(world); move !== null; move = friendlyMove(world)) {
    if (world.left.wakes === 0) return { fault: 'what is left alone comes to an end', moves }
    world = step(setting, world, move)
    moves.push(move)
    if (world.fault !== null) break
  }
  return { fault: world.fault ?? faultLeft(alone, world), moves }
}

/** No alarm may be lost, and none run twice or late. */
export function faultLeft({ desired, clock }: World, end: World): string | null {
  if (end.consumed !== (desired === null ? 0 : 1)) return 'a committed alarm ends up delivered, once'
  if (desired !== null && end.clock > Math.max(clock, desired)) return 'no alarm is late'
  return null
}
