import { memoryManager } from 'nolater'
import type { VirtualClock } from 'nolater/marbles'
import { type Actor, openActor } from './actor.ts'
import type { Contender } from './contenders.ts'
import { type Fate, send } from './network.ts'
import { ACTORS, type ActorName } from './plan.ts'

/** All actors, kept in one way, with a manager of their own. */
export interface Fleet {
  readonly actors: Readonly<Record<ActorName, Actor>>
}

export function openFleet(contender: Contender, clock: VirtualClock, fate: (actor: string) => Fate): Fleet {
  const manager = memoryManager({ scheduler: clock })
  const actors = {} as Record<ActorName, Actor>
  let landed = 0
  const look = (key: string): void => actors[key as ActorName]?.judge.look()
  const network = { clock, manager, fate, nextFence: () => ++landed, applied: look }
  for (const key of ACTORS) {
    actors[key] = openActor({
      key,
      clock,
      keeper: contender.keeper,
      held: () => manager.get(key),
      write: (time, info) => send(network, key, time, info),
    })
  }
  manager
    .deliveries((delivery) => actors[delivery.key as ActorName].deliver(delivery))
    .subscribe(({ key }) => look(key))
  return { actors }
}
