import { createInterface } from 'node:readline'
import { sqliteManager, sqliteStore } from '../../src/sqlite/index.ts'

// A process that has an actor open. Prints "open <epoch>"; for each line, a time, it sets that alarm, and prints "kept" or the code of what broke.
const [file = '', alarms = ''] = process.argv.slice(2)
// Without the look at the manager's fence at the opening, which leaves nothing to raise.
const manager = sqliteManager({ file: alarms })
const store = sqliteStore({
  file,
  key: 'a',
  manager: { ...manager, fenceOf: undefined } as never,
  reconcile: false,
})
store.alarm.events$.subscribe({ error() {} }) // printed where it is asked for
console.log(`open ${store.epoch}`)
createInterface({ input: process.stdin }).on('line', async (time) => {
  try {
    store.alarm.set(Number(time))
    await store.alarm.drained()
    console.log('kept')
  } catch (error) {
    console.log((error as { code?: string }).code)
  }
})
