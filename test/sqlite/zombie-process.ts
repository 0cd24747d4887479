import { NEVER } from 'rxjs'
import { sqliteStore } from '../../src/sqlite/sqlite-store.ts'

// A process whose manager hangs: it keeps its file locked.
const store = sqliteStore({
  file: process.argv[2] as string,
  key: 'a',
  manager: { write: () => NEVER, deliveries: () => NEVER },
  reconcile: false,
})
store.alarm.events$.subscribe({ error() {} })
store.put('a', 1)
store.alarm.setIn(60_000)
setImmediate(() => process.send?.('locked'))
setInterval(() => {}, 1_000)
