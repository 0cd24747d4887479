/**
 * The same service on PostgreSQL: `DATABASE_URL=postgres://... node examples/reminders/on-postgres.ts [PORT]`.
 * Kill it whenever you like and start it again, on another machine too: no reminder whose PUT was answered is lost.
 * Without DATABASE_URL it brings a PostgreSQL from npm, to try it: that one goes with this process, and its reminders with it.
 */
import { postgresManager, postgresStore } from 'nolater/postgres'
import pg from 'pg'
import { findServer } from '../two-machines/server.ts'
import { postgresPerson, REMINDER_TABLE } from './postgres-person.ts'
import { openReminders } from './reminders.ts'
import { print, serve } from './serve.ts'

const { url, stop } = await findServer(process.env.DATABASE_URL)
const pool = new pg.Pool({ connectionString: url })
pool.on('error', () => {}) // an idle connection has broken: the next one is a new one
const manager = postgresManager({ pool })
await manager.ready()
await pool.query(REMINDER_TABLE)

const reminders = openReminders({
  manager,
  openPerson: async (who) =>
    postgresPerson({ who, pool, store: await postgresStore({ key: who, manager }), outlet: print }),
})
await serve(
  reminders,
  process.argv[2],
  () => manager.close(),
  () => pool.end(),
  stop,
)
