import { firstValueFrom, lastValueFrom, merge, type Subscription } from 'rxjs'
import { drawTimeline, recordTimeline } from '../../dist/marbles/index.js'
import { startWatch } from '../engine/sample.ts'
import { fleetOver } from '../fleet-over.ts'
import { type Fleet, multiplexTimers, openAlarm, type Timers } from '../nolater.ts'
import { sqliteManager } from '../nolater-sqlite.ts'
import { START } from '../trace.ts'
import { World } from '../world.ts'

/** What `n` of something cost together: ns of CPU time of this thread. */
export type Cost = (n: number) => Promise<number>

/** The actors of one fleet, each set once, then closed. */
async function actors(n: number): Promise<number> {
  const fleet = openFleetOf()
  const watch = startWatch()
  for (let i = 0; i < n; i++) fleet.actor(`actor-${i}`).set(START + 1 + i)
  await fleet.close()
  return watch()
}

/** Writes of a manager that has so many alarms pending by the end. */
async function pending(n: number): Promise<number> {
  const manager = sqliteManager({ file: ':memory:' })
  const watch = startWatch()
  for (let i = 0; i < n; i += 1_000) {
    const writes = Array.from({ length: Math.min(1_000, n - i) }, (_, j) => {
      const key = `actor-${i + j}`
      return manager.write(key, START + (((i + j) * 7919) % n), {
        key,
        move: 'earlier',
        fence: 1,
        attempt: 1,
      })
    })
    await lastValueFrom(merge(...writes), { defaultValue: null })
  }
  const time = watch()
  await manager.close()
  return time
}

/** Subscribers waiting for one alarm that is not drained, which is set as often meanwhile. */
async function waiters(n: number): Promise<number> {
  const world = new World(START, 'at once', 'later')
  const alarm = openAlarm({ key: 'actor', initial: START, ...world.ports, reconcile: false })
  world.hold()
  alarm.set(START + 1)
  const watch = startWatch()
  const all = Array.from({ length: n }, () => firstValueFrom(alarm.drained()))
  for (let i = 2; i < n + 2; i++) alarm.set(START + i)
  world.release()
  await Promise.all(all)
  return watch()
}

/** Handles of a fleet, each of whose events has a subscriber; each is set once. */
async function listeners(n: number): Promise<number> {
  const fleet = openFleetOf()
  const watch = startWatch()
  const subscriptions: Subscription[] = []
  for (let i = 0; i < n; i++) subscriptions.push(fleet.actor(`actor-${i}`).events$.subscribe())
  for (let i = 0; i < n; i++) fleet.actor(`actor-${i}`).set(START + 1 + i)
  for (const subscription of subscriptions) subscription.unsubscribe()
  const time = watch()
  await fleet.close()
  return time
}

/** Timers of one actor, each set once. */
async function timers(n: number): Promise<number> {
  const { ports } = new World(null, 'at once', 'at once')
  let saved: Timers | undefined
  const alarm = openAlarm({ key: 'actor', ...ports, reconcile: false })
  const save = (timers: Timers): void => {
    saved = timers
  }
  const many = multiplexTimers({ alarm, load: () => saved, save })
  const watch = startWatch()
  for (let i = 0; i < n; i++) many.set(`timer-${i}`, START + ((i * 7919) % n))
  return watch()
}

/** Events of one alarm, recorded and drawn. */
async function events(n: number): Promise<number> {
  const { ports } = new World(START, 'at once', 'at once')
  const alarm = openAlarm({ key: 'actor', initial: START, ...ports, reconcile: false })
  const watch = startWatch()
  const recording = recordTimeline(alarm.events$)
  for (let i = 0; i < n / 6; i++) alarm.set(START + 1 + i) // six events each
  drawTimeline(recording.timeline, { format: 'svg' })
  return watch()
}

const openFleetOf = (): Fleet => fleetOver(new World(START, 'at once', 'at once'), START)

export const costs = { actors, pending, waiters, listeners, timers, events } satisfies Record<string, Cost>
export type CostId = keyof typeof costs
