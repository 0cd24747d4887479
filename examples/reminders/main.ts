/**
 * A reminder service over HTTP, on SQLite: `node examples/reminders/main.ts FOLDER [PORT]`, on 127.0.0.1 only.
 * Kill it whenever you like and start it again on the same folder: no reminder whose PUT was answered is lost.
 * Prints where it listens, then a line of JSON for each reminder that is due; it ends when its input does, as with Ctrl-D.
 */
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { sqliteManager, sqliteStore } from 'nolater/sqlite'
import { of } from 'rxjs'
import { reminderServer } from './http.ts'
import { openReminders } from './reminders.ts'

const [folder, port = '0'] = process.argv.slice(2)
if (folder === undefined) {
  console.error('usage: node examples/reminders/main.ts FOLDER [PORT]')
  process.exit(2)
}
mkdirSync(folder, { recursive: true })

const manager = sqliteManager({ file: join(folder, 'alarms.db') })
const reminders = openReminders({
  manager,
  // A person's name may be no name for a file.
  openStore: (who) => sqliteStore({ file: join(folder, `${hash(who)}.db`), key: who, manager }),
  send: (who, { name, text }) => of(console.log(JSON.stringify({ who, name, text }))),
  giveUp: (who, { name }) => of(console.error(`${name} could not be sent to ${who}`)),
})
const deliveries = reminders.deliveries$.subscribe()
const server = reminderServer(reminders).listen(Number(port), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})

process.stdin.resume().on('end', () => {
  server.close()
  server.closeAllConnections()
  deliveries.unsubscribe()
  reminders.close()
  manager.close()
})

function hash(name: string): string {
  return createHash('sha256').update(name).digest('hex')
}
