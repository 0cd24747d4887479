import type { Actor, Rival } from '../rival.ts'
import { START } from '../trace.ts'
import { World } from '../world.ts'
import { heap } from './heap.ts'

/** What a million actors do: nothing any more, or wait for the manager. */
export type Activity = 'idle' | 'busy'

/** Heap bytes per actor, beyond its key: after an alarm was set and is everywhere, or while its write is in flight. */
export async function weigh(rival: Rival, activity: Activity, actors: number): Promise<number> {
  const keys = Array.from({ length: actors }, (_, i) => `actor-${i}`)
  const world = new World(START, 'later', 'later')
  const kept: Actor[] = new Array(actors).fill(null)
  if (activity === 'busy') world.hold()
  const before = heap()
  for (let i = 0; i < actors; i++) {
    const actor = rival.open(world.ports, START, keys[i]!)
    kept[i] = actor
    actor.set(START + 1 + i)
    if (activity === 'idle') await rival.drained(actor)
  }
  // The commits of the busy ones answer, their writes do not.
  await new Promise((resolve) => setImmediate(resolve))
  const after = heap()
  if (world.commits !== actors || world.writes !== actors) throw new Error('An actor has not done its part.')
  if (kept.length !== keys.length) throw new Error('Everything must be kept until it is weighed.')
  return (after - before) / actors
}
