import { Observable } from 'rxjs'
import { sqliteManager } from '../../src/sqlite/index.ts'

// A process that delivers the alarms of a file, and prints what happens: "ready", "start <key> <early by ms>", "end <key>".
const [file = '', lease = '', handling = ''] = process.argv.slice(2)
const manager = sqliteManager({ file, lease: Number(lease), pollInterval: 20 })

manager
  .deliveries(
    ({ key, scheduledTime }) =>
      new Observable((subscriber) => {
        console.log(`start ${key} ${Math.max(0, scheduledTime - Date.now())}`)
        const timer = setTimeout(() => subscriber.complete(), Number(handling))
        return () => clearTimeout(timer)
      }),
    { concurrency: 5 },
  )
  .subscribe(({ kind, key }) => {
    if (kind === 'done') console.log(`end ${key}`)
  })
console.log('ready')
process.stdin.on('end', () => manager.close()).resume()
