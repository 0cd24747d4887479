import { EMPTY } from 'rxjs'
import { sqliteManager, sqliteStore } from '../../src/sqlite/index.ts'

// A life of an actor whose timer comes every few ms, and whose handler changes its state: until it is killed.
const [directory, interval] = process.argv.slice(2) as [string, string]
const manager = sqliteManager({ file: `${directory}/alarms.db`, lease: 40 }) // a killed life holds its alarm for so long
const store = sqliteStore({ file: `${directory}/actor.db`, key: 'a', manager })
store.transaction((sql) => {
  sql.exec('CREATE TABLE IF NOT EXISTS effect (time INTEGER NOT NULL, id TEXT NOT NULL)')
  store.timers.every('tick', { interval: Number(interval), catchUp: 'all', overlap: 'queue' })
})
manager
  .deliveries((delivery) =>
    store.timers.deliver(delivery, ({ scheduledTime, id }) => {
      store.sql.run('INSERT INTO effect VALUES (?, ?)', scheduledTime, id)
      return EMPTY
    }),
  )
  .subscribe()
process.send?.('ready')
