import { isNoLater } from './outside.ts'
import type { World } from './world.ts'

/** The one promise: at or before every time that the store may durably hold. */
export function isNeverLate({ manager, store, commit }: World): boolean {
  // Where there is one copy, a commit in flight reaches both at once.
  const isAhead = commit === null || commit.fence !== null
  return isNoLater(manager.time, store) && (isAhead || isNoLater(manager.time, commit.time))
}

/** Nothing is under way, and nothing is to be done until the next wake-up or intent. */
export function isAtRest(world: World): boolean {
  return isQuiet(world) && world.lease === null && world.orphan === null
}

/** Nothing is under way that could make the engine go on. */
function isQuiet({ engine, commit, write, run, lease }: World): boolean {
  if (engine === null || engine.broken || engine.resting) return false
  return commit === null && write === null && run === null && !isUnderWay(lease)
}

function isUnderWay(lease: World['lease']): boolean {
  return lease?.state === 'exhausted' || lease?.state === 'answered'
}

/** The sentence of the protocol that does not hold in this world, if any. */
export function faultIn(world: World): string | null {
  if (!isNeverLate(world)) return 'the manager is never later than what the store may hold'
  const { engine, run, desired, store, manager, values, lease } = world
  if (engine === null || engine.broken) return null
  if (engine.time !== (run?.consumes ? null : desired)) return 'the alarm reads as the newest intent'
  if (engine.resting && world.write?.early) return 'a retry stops when an earlier move wants the writer'
  if (!isQuiet(world)) return null
  if (lease !== null || world.orphan !== null) return 'every delivery is answered'
  if (!engine.drained) return 'drained when nothing is under way'
  if (store !== desired || world.durable < world.asked)
    return 'at rest the store holds the newest intent, and its state'
  if (values.length > 0) return 'at rest the output gate is open'
  // Early is harmless, and never at is not early.
  const isEarly = manager.time !== null && world.mayBeEarly
  if (manager.time !== desired && !isEarly) return 'at rest the manager holds the newest intent'
  return null
}
