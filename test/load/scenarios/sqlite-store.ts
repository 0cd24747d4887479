import { join } from 'node:path'
import { sqliteManager, sqliteStore } from 'nolater/sqlite'
import { EMPTY } from 'rxjs'
import { type Scenario, someTime } from '../scenario.ts'

/** Actors with a database each and a manager on the same disk: the intents of one turn are one transaction. */
export const durableStore: Scenario = {
  name: 'sqliteStore and sqliteManager on a disk',
  what: 'intents',
  rate: 100_000,
  open(folder) {
    const manager = sqliteManager({ file: join(folder, 'manager.db') })
    const deliveries = manager.deliveries(() => EMPTY).subscribe()
    const stores = ['a', 'b', 'c', 'd'].map((key) =>
      sqliteStore({ file: join(folder, `${key}.db`), key, manager }),
    )
    let turns = 0
    return {
      issue(count, from) {
        const now = Date.now()
        const store = stores[turns++ % stores.length]!
        store.transaction(() => {
          store.put('turn', turns)
          for (let n = from; n < from + count; n++) store.alarm.set(someTime(now, n))
        })
      },
      result() {
        const behind = stores.filter(({ alarm }, i) => manager.get('abcd'[i]!) !== alarm.time).length
        deliveries.unsubscribe()
        return {
          says: `${turns.toLocaleString('en-US')} turns`,
          fault: behind === 0 ? null : `${behind} actors whose manager never caught up`,
        }
      },
    }
  },
}
