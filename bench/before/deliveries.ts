import { EMPTY } from 'rxjs'
import { startWatch } from '../engine/sample.ts'
import { openAlarm as openToday } from '../nolater.ts'
import { type Spread, spreadOf } from '../stats.ts'
import { START } from '../trace.ts'
import { World } from '../world.ts'
import { openAlarm as openBefore } from './engine.js'

const EACH = 20_000

/** How many times as fast a delivery is as before; store, manager and handler answer inside the call. */
export async function measureDeliveries(repetitions: number): Promise<Spread> {
  const times = { today: [] as number[], before: [] as number[] }
  for (let i = -2; i < repetitions; i++) {
    const inTurn = i % 2 === 0 ? (['today', 'before'] as const) : (['before', 'today'] as const)
    for (const engine of inTurn) {
      const time = deliverAll(engine === 'today' ? openToday : openBefore)
      if (i >= 0) times[engine].push(time)
    }
  }
  return spreadOf(times.today.map((time, i) => times.before[i]! / time))
}

function deliverAll(openAlarm: typeof openToday): number {
  const { ports } = new World(null, 'at once', 'at once')
  const alarm = openAlarm({ key: 'actor', commit: ports.commit, write: ports.write, reconcile: false })
  const watch = startWatch()
  for (let i = 1; i <= EACH; i++) {
    alarm.set(START + i)
    alarm.deliver({ scheduledTime: START + i }, () => EMPTY).subscribe()
  }
  return watch()
}
