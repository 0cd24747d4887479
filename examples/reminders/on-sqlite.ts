/**
 * A reminder service over HTTP, on SQLite: `node examples/reminders/on-sqlite.ts FOLDER [PORT]`.
 * Kill it whenever you like and start it again on the same folder: no reminder whose PUT was answered is lost.
 */
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { sqliteManager, sqliteStore } from 'nolater/sqlite'
import { of } from 'rxjs'
import { openReminders } from './reminders.ts'
import { print, serve } from './serve.ts'
import { sqlitePerson } from './sqlite-person.ts'

const [folder, port] = process.argv.slice(2)
if (folder === undefined) {
  console.error('usage: node examples/reminders/on-sqlite.ts FOLDER [PORT]')
  process.exit(2)
}
mkdirSync(folder, { recursive: true })

const manager = sqliteManager({ file: join(folder, 'alarms.db') })
const reminders = openReminders({
  manager,
  openPerson(who) {
    const file = join(folder, `${hash(who)}.db`) // a person's name may be no name for a file
    return of(sqlitePerson({ who, store: sqliteStore({ file, key: who, manager }), outlet: print }))
  },
})
await serve(reminders, port, () => manager.close())

function hash(name: string): string {
  return createHash('sha256').update(name).digest('hex')
}
