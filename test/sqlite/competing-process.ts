import { once } from 'node:events'
import { concat, defer, EMPTY, from, ignoreElements, timer } from 'rxjs'
import { sqliteManager } from '../../src/sqlite/index.ts'

// A process that delivers the alarms of a file, and prints what happens: "ready", "start <key> <early by ms>", "end <key>".
// With 'held' no handler ends before something is written to its input.
const [file = '', lease = '', handling = '', held = ''] = process.argv.slice(2)
const manager = sqliteManager({ file, lease: Number(lease), pollInterval: 20 })
const released = held === 'held' ? once(process.stdin, 'data') : null

manager
  .deliveries(
    ({ key, scheduledTime }) =>
      defer(() => {
        console.log(`start ${key} ${Math.max(0, scheduledTime - Date.now())}`)
        return concat(released === null ? EMPTY : from(released), timer(Number(handling))).pipe(
          ignoreElements(),
        )
      }),
    { concurrency: 5 },
  )
  .subscribe(({ kind, key }) => {
    if (kind === 'done') console.log(`end ${key}`)
  })
console.log('ready')
process.stdin.on('end', () => manager.close()).resume()
