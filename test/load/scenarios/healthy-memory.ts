import { memoryManager, openAlarm } from 'nolater'
import { EMPTY } from 'rxjs'
import { type Scenario, someTime } from '../scenario.ts'

const ACTORS = 1_000

/** Store and manager answer synchronously, so each intent is a whole round: an earlier move writes and commits, a later one commits and writes. */
export const healthyMemory: Scenario = {
  name: 'memoryManager, all synchronous',
  what: 'intents',
  rate: 100_000,
  open() {
    const manager = memoryManager()
    const deliveries = manager.deliveries(() => EMPTY).subscribe()
    let commits = 0
    const alarms = Array.from({ length: ACTORS }, (_, i) =>
      openAlarm({
        key: `${i}`,
        commit() {
          commits++
          return EMPTY
        },
        write: (time, info) => manager.write(`${i}`, time, info),
      }),
    )
    return {
      issue(count, from) {
        const now = Date.now()
        for (let n = from; n < from + count; n++) alarms[n % ACTORS]!.set(someTime(now, n))
      },
      result() {
        const behind = alarms.filter((alarm, i) => manager.get(`${i}`) !== alarm.time).length
        deliveries.unsubscribe()
        return {
          says: `${commits.toLocaleString('en-US')} commits`,
          fault: behind === 0 ? null : `${behind} actors whose manager has another alarm`,
        }
      },
    }
  },
}
