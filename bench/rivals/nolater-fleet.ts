import { of } from 'rxjs'
import { type Fleet, openFleet } from '../nolater.ts'
import { type Actor, type AlarmTime, type Ports, rival } from '../rival.ts'

const fleets = new WeakMap<Ports, Fleet>()

/** One fleet of all actors, in memory by their keys: nobody has to keep a handle. */
class Keyed implements Actor {
  readonly fleet: Fleet
  readonly key: string

  constructor(fleet: Fleet, key: string) {
    this.fleet = fleet
    this.key = key
  }

  set(time: number): void {
    this.fleet.actor(this.key).set(time)
  }

  delete(): void {
    this.fleet.actor(this.key).delete()
  }
}

export default rival<Keyed>({
  open(ports, initial, key) {
    const fleet = fleets.get(ports) ?? fleetOf(ports, initial)
    fleets.set(ports, fleet)
    return new Keyed(fleet, key)
  },
  drained: ({ fleet, key }) => fleet.actor(key).drained(),
})

function fleetOf({ commit, write }: Ports, time: AlarmTime): Fleet {
  const load = () => of({ time, epoch: 1 })
  const all = { idleAfter: Infinity, maxActors: Infinity, concurrency: Infinity }
  return openFleet({ load, commit, write, reconcile: false, ...all })
}
