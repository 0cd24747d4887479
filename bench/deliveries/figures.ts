import { EMPTY, NEVER, of } from 'rxjs'
import { startWatch } from '../engine/sample.ts'
import { fleetOver } from '../fleet-over.ts'
import { heap } from '../memory/heap.ts'
import { type Fleet, openAlarm, openFleet } from '../nolater.ts'
import { sqliteManager } from '../nolater-sqlite.ts'
import { START } from '../trace.ts'
import { World } from '../world.ts'

const EACH = 50_000
const ROUNDS = 9 // the first of which are not counted
const WARM = 2

/** ns of CPU time: set, delivered, handled, deleted; the store, the manager and the handler answer inside the call. */
async function ofAnAlarm(): Promise<number[]> {
  const { ports } = new World(null, 'at once', 'at once')
  const alarm = openAlarm({ key: 'actor', ...ports, reconcile: false })
  return timed((time) => {
    alarm.set(time)
    alarm.deliver({ scheduledTime: time }, () => EMPTY).subscribe()
  })
}

/** The same through a fleet, whose actor is in memory. */
async function ofAFleet(): Promise<number[]> {
  const fleet = fleetOver(new World(null, 'at once', 'at once'), null)
  const actor = fleet.actor('actor')
  return timed((time) => {
    actor.set(time)
    fleet.deliver({ ...DELIVERY, scheduledTime: time }, () => EMPTY).subscribe()
  })
}

const DELIVERY = { key: 'actor', retryCount: 0, fence: 0, id: 'id' } as never as Parameters<
  Fleet['deliver']
>[0]

function timed(deliver: (time: number) => void): number[] {
  const times: number[] = []
  let time = START
  for (let round = 0; round < ROUNDS; round++) {
    const watch = startWatch()
    for (let i = 0; i < EACH; i++) deliver(++time)
    if (round >= WARM) times.push(watch() / EACH)
  }
  return times
}

/** Heap bytes of a delivery whose handler has not ended, of the manager, the fleet and the alarm, beyond those of a pending alarm of an idle actor. */
async function inFlight(): Promise<number[]> {
  const n = 20_000
  const manager = sqliteManager({ file: ':memory:' })
  const world = new World(null, 'at once', 'at once')
  const fleet = openFleet({
    load: () => of({ time: null, epoch: 1 }),
    commit: world.ports.commit,
    write: (time, info) => manager.write(info.key, time, info),
    idleAfter: Infinity,
  })
  for (let i = 0; i < n; i++) fleet.actor(`actor-${i}`).set(1 + i)
  await new Promise<void>((resolve) => fleet.drained().subscribe({ complete: resolve }))
  const before = heap()
  let begun = 0
  const deliveries = await new Promise<{ unsubscribe(): void }>((resolve) => {
    const subscription = manager
      .deliveries(
        (delivery) =>
          fleet.deliver(delivery, () => {
            if (++begun === n) setImmediate(() => resolve(subscription))
            return NEVER
          }),
        { concurrency: n },
      )
      .subscribe()
  })
  const bytes = (heap() - before) / n
  deliveries.unsubscribe()
  await Promise.all([fleet.close(), manager.close()])
  return [bytes]
}

/** Seconds of CPU time to close a fleet of a million idle actors. */
async function close(): Promise<number[]> {
  const n = 1_000_000
  const fleet = fleetOver(new World(null, 'at once', 'at once'), null)
  for (let i = 0; i < n; i++) fleet.actor(`actor-${i}`).set(START + i)
  const watch = startWatch()
  await fleet.close()
  return [watch() / 1e9]
}

export const figures = { alarm: ofAnAlarm, fleet: ofAFleet, 'in flight': inFlight, close } satisfies Record<
  string,
  () => Promise<number[]>
>
export type FigureId = keyof typeof figures
