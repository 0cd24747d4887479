import type { DeliveryEvent } from 'nolater'
import { type PostgresManager, postgresManager, postgresStore } from 'nolater/postgres'
import pg from 'pg'
import { EMPTY, firstValueFrom, type ObservableInput, of, Subject, type Subscription, throwError } from 'rxjs'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { Outlet } from '../../examples/reminders/person.ts'
import { postgresPerson, REMINDER_TABLE } from '../../examples/reminders/postgres-person.ts'
import { openReminders, type Reminders } from '../../examples/reminders/reminders.ts'
import { until } from '../postgres/rig.ts'
import { serverOfFile } from '../postgres/server.ts'
import { killAndStartAgain, startService } from './reminder-service.ts'

const HOUR = 3_600_000
const SOON = 2_000 // ms within which a table can be changed by hand, however busy the machine is
const WAITING = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`
const server = serverOfFile()

if (typeof server === 'string') {
  describe('reminders on PostgreSQL', () => {
    it.skip(server, () => {})
  })
} else {
  let pool: pg.Pool
  let manager: PostgresManager
  let reminders: Reminders
  let outside: pg.Client
  let deliveries: Subscription | undefined
  const outlets = new Map<string, Outlet>()
  const events: DeliveryEvent[] = []

  beforeAll(async () => {
    pool = new pg.Pool({ connectionString: server.connectionString })
    pool.on('error', () => {})
    outside = new pg.Client(server.connectionString.replace(/postgres$/, 'killed'))
    manager = postgresManager({ pool, pollInterval: 200 })
    await manager.ready()
    await pool.query(REMINDER_TABLE)
    reminders = openReminders({
      manager,
      openPerson: async (who) =>
        postgresPerson({
          who,
          pool,
          store: await postgresStore({ key: who, manager }),
          outlet: outlets.get(who)!,
        }),
    })
    deliveries = reminders.deliveries$.subscribe((event) => events.push(event))
  })
  // Before the server is stopped: hooks that come later run first.
  afterAll(async () => {
    deliveries?.unsubscribe()
    await reminders?.close()
    await manager?.close()
    await pool?.end()
    await outside?.end()
  })

  /** Somebody's reminders in this process. */
  function stage(who: string, send: (name: string) => ObservableInput<unknown> = () => EMPTY) {
    const sent: string[] = []
    outlets.set(who, {
      send(_, { name, text }) {
        sent.push(`${name} ${text}`)
        return send(name)
      },
      giveUp: (_, { name }) => of(sent.push(`${name} is given up`)),
    })
    return {
      sent,
      events: (kind: string) => events.filter((event) => event.key === who && event.kind === kind),
      set: (name: string, at: number, text = '') => firstValueFrom(reminders.set(who, { name, at, text })),
      cancel: (name: string) => firstValueFrom(reminders.cancel(who, name)),
      names: async () => (await firstValueFrom(reminders.list(who))).map(({ name }) => name),
    }
  }

  describe.concurrent('the reminder service on PostgreSQL', { timeout: 60_000 }, () => {
    it('loses no reminder that it has answered for, and answers for none before, though it is killed', async ({
      expect,
    }) => {
      await server.query('CREATE DATABASE killed')
      await outside.connect()
      const DATABASE_URL = server.connectionString.replace(/postgres$/, 'killed')
      const isWaiting = async () => (await outside.query(WAITING)).rowCount === 1
      let answer: number | null = null

      await killAndStartAgain(
        async () => {
          await outside.query('ROLLBACK')
          return startService('on-postgres.ts', [], { DATABASE_URL })
        },
        async (first) => {
          expect(await first.put('far', Date.now() + HOUR, 'ben')).toBe(201)
          expect(await first.put('%00', Date.now() + HOUR)).toBe(400) // a name that no text of Postgres can hold
          // From here on nothing of ben's can be committed.
          await outside.query(`BEGIN; SELECT FROM nolater._nolater_actor WHERE key = 'ben' FOR UPDATE`)
          first.put('unheard', Date.now() + 2 * HOUR, 'ben').then(
            (status) => {
              answer = status
            },
            () => {},
          )
          await until(isWaiting)
          expect(answer).toBeNull()
        },
      )
      const left = await outside.query('SELECT who, name FROM reminder ORDER BY 1')
      expect(left.rows).toEqual([
        { who: 'ana', name: 'far' },
        { who: 'ben', name: 'far' },
      ])
      expect(answer).toBeNull()
    })

    it('lets the one that fails rest, and gives it up in the end', async ({ expect }) => {
      const { sent, events, set, names } = stage('failing', (name) =>
        name === 'bad' ? throwError(() => new Error('no')) : EMPTY,
      )
      const at = Date.now()
      await set('bad', at)
      await set('good', at + 1)
      await until(() => sent.includes('good '))
      await until(async () => (await names()).length === 1)
      const [row] = await server.query<Record<string, unknown>>(
        `SELECT name, failures, due::float8 - at AS rested FROM reminder WHERE who = 'failing'`,
      )
      expect(row).toMatchObject({ name: 'bad', failures: 1 })
      expect(row?.rested).toBeGreaterThanOrEqual(2_000)

      // Days later: it is due again, and so is another, whose set moves the alarm.
      for (const [failures, outcome] of [
        [6, 'bad '],
        [7, 'bad is given up'],
      ]) {
        await server.query(`UPDATE reminder SET due = 0, failures = ${failures} WHERE who = 'failing'`)
        await set(`after ${failures}`, Date.now())
        await until(() => sent.includes(`after ${failures} `))
        expect(sent.filter((each) => each.startsWith('bad')).at(-1)).toBe(outcome)
      }
      await until(async () => (await names()).length === 0)
      expect(events('failed')).toEqual([])
    })

    it('leaves the one that was set anew while it was sent', async ({ expect }) => {
      const answer$ = new Subject<never>()
      const { sent, set, names, cancel } = stage('anew', () => (sent.length === 1 ? answer$ : EMPTY))
      await set('tea', Date.now(), 'one')
      await until(() => answer$.observed)
      const at = Date.now() + 500
      await set('tea', at, 'two')
      answer$.complete()
      await until(() => sent.length > 1)
      expect(Date.now()).toBeGreaterThanOrEqual(at)
      expect(sent).toEqual(['tea one', 'tea two'])
      await until(async () => (await names()).length === 0)
      await set('nap', Date.now() + HOUR)
      expect(await cancel('nap')).toBe(true)
      expect(await cancel('nap')).toBe(false)
      await until(async () => (await manager.get('anew')) === null)
    })

    it('changes nothing when it refuses', async ({ expect }) => {
      const { set, names } = stage('refused')
      await expect(set('tea', 1.5)).rejects.toMatchObject({ code: 'ALARM_TIME_INVALID' })
      const nobody = firstValueFrom(reminders.list('x'.repeat(1_025)))
      await expect(nobody).rejects.toMatchObject({ code: 'ALARM_KEY_INVALID' })
      expect(await names()).toEqual([])
    })

    it('sends what is left when rows are deleted by hand', async ({ expect }) => {
      const { sent, set } = stage('by hand')
      const at = Date.now() + SOON
      await set('first', at)
      await set('second', at + 300)
      await server.query(`DELETE FROM reminder WHERE name = 'first'`)
      await until(() => sent.length > 0)
      expect(sent).toEqual(['second '])
    })

    it('does not take a database that refuses for a reminder that fails', async ({ expect }) => {
      const { sent, events, set } = stage('referred')
      await server.query(
        'CREATE TABLE referral (who text, name text, FOREIGN KEY (who, name) REFERENCES reminder)',
      )
      await set('tea', Date.now() + SOON)
      await server.query(`INSERT INTO referral VALUES ('referred', 'tea')`)
      await until(() => events('failed').length > 0)
      expect(sent).toEqual(['tea '])
      expect(events('failed')).toMatchObject([{ counted: false }])
    })

    it('opens a person again whom another machine has taken over', async ({ expect }) => {
      const { set, names } = stage('taken over')
      await set('tea', Date.now() + HOUR)
      const theirs = await postgresStore({ key: 'taken over', manager })
      await expect(set('bus', Date.now() + HOUR)).rejects.toMatchObject({ code: 'ALARM_FENCED' })
      await set('nap', Date.now() + HOUR)
      expect(await names()).toEqual(['tea', 'nap'])
      await theirs.close()
    })
  })
}
