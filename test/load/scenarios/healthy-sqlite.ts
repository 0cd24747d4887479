import { join } from 'node:path'
import { keepAlarm, openAlarm, setAlarm } from 'nolater'
import { sqliteManager } from 'nolater/sqlite'
import { EMPTY, Subject } from 'rxjs'
import { type Scenario, someTime } from '../scenario.ts'

const ACTORS = 100

/** A manager on a disk, where the writes of one turn share one fsync: intents come faster than it can ever write. */
export const healthySqlite: Scenario = {
  name: 'sqliteManager on a disk',
  what: 'intents',
  rate: 100_000,
  open(folder) {
    const manager = sqliteManager({ file: join(folder, 'manager.db') })
    const deliveries = manager.deliveries(() => EMPTY).subscribe()
    let writes = 0
    let told = 0
    const last: number[] = []
    const asks = Array.from({ length: ACTORS }, (_, i) => {
      const config = {
        key: `${i}`,
        commit: () => EMPTY,
        write(...[time, info]: [number | null, Parameters<typeof manager.write>[2]]) {
          writes++
          return manager.write(`${i}`, time, info)
        },
      }
      if (i % 2 === 0) {
        const alarm = openAlarm(config)
        return (time: number) => alarm.set(time)
      }
      const intents$ = new Subject<ReturnType<typeof setAlarm>>()
      intents$.pipe(keepAlarm(config)).subscribe(() => told++)
      return (time: number) => intents$.next(setAlarm(time))
    })
    return {
      issue(count, from) {
        const now = Date.now()
        for (let n = from; n < from + count; n++) {
          last[n % ACTORS] = someTime(now, n)
          asks[n % ACTORS]!(last[n % ACTORS]!)
        }
      },
      result() {
        const behind = last.filter((time, i) => manager.get(`${i}`) !== time).length
        deliveries.unsubscribe()
        return {
          says: `${writes.toLocaleString('en-US')} writes, ${told.toLocaleString('en-US')} events`,
          fault: behind === 0 ? null : `${behind} actors whose manager never caught up`,
        }
      },
    }
  },
}
