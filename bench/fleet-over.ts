import { of } from 'rxjs'
import { type Fleet, openFleet } from './nolater.ts'
import type { AlarmTime } from './rival.ts'
import type { World } from './world.ts'

/** A fleet that keeps all of its actors in memory, over a store that has this alarm of each. */
export function fleetOver({ ports: { commit, write } }: World, time: AlarmTime): Fleet {
  const load = () => of({ time, epoch: 1 })
  return openFleet({ load, commit, write, reconcile: false, idleAfter: Infinity, maxActors: Infinity })
}
