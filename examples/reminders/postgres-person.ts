import type { PostgresStore } from 'nolater/postgres'
import type { ClientBase, Pool } from 'pg'
import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  endWith,
  expand,
  ignoreElements,
  type Observable,
  of,
} from 'rxjs'
import type { Outlet, Person, Reminder } from './person.ts'

/** `due` is when to send it next; `serial` tells a reminder from the one that was set in its place. */
export const REMINDER_TABLE = `CREATE TABLE IF NOT EXISTS reminder (
  who text, name text, at bigint NOT NULL, text text NOT NULL,
  due bigint NOT NULL, failures int NOT NULL DEFAULT 0, serial bigserial,
  PRIMARY KEY (who, name))`

// The database's clock, by which its manager fires.
const NOW = 'floor(extract(epoch FROM clock_timestamp()) * 1000)'
const RETRIES = 6

interface Row extends Reminder {
  readonly failures: number
  readonly serial: string
}

export interface PostgresPersonOptions {
  readonly who: string
  readonly store: PostgresStore
  readonly pool: Pool
  readonly outlet: Outlet
}

/** Somebody's reminders as rows of a table, which any SQL may ask; the earliest row is their alarm. */
export function postgresPerson({ who, store, pool, outlet }: PostgresPersonOptions): Person {
  /** All of it in one transaction; what it comes to is said when it is durable. */
  const durably = <T>(work: (client: ClientBase) => Promise<T>): Observable<T> =>
    defer(() => store.commitWith(work))

  async function setAlarm(client: ClientBase): Promise<void> {
    const earliest = 'SELECT min(due)::float8 AS due FROM reminder WHERE who = $1'
    const due = (await client.query<{ due: number | null }>(earliest, [who])).rows[0]?.due ?? null
    if (due === null) store.alarm.delete()
    else store.alarm.set(due)
  }

  async function nextDue(by: number): Promise<Row | undefined> {
    const { rows } = await pool.query<Row>(
      `SELECT name, at::float8 AS at, text, failures, serial FROM reminder
       WHERE who = $1 AND due <= greatest($2::bigint, ${NOW}) ORDER BY due, serial LIMIT 1`,
      [who, by],
    )
    return rows[0]
  }

  /** Whether it could be sent, or given up. */
  const use = ({ failures, name, at, text }: Row): Observable<boolean> =>
    defer(() => outlet[failures > RETRIES ? 'giveUp' : 'send'](who, { name, at, text })).pipe(
      ignoreElements(),
      endWith(true),
      catchError(() => of(false)),
    )

  /** It is gone, or rests: 2 s, doubling. Meanwhile it may have been set anew. */
  const settle = ({ name, serial }: Row, isDone: boolean): Observable<unknown> => {
    const rest = `UPDATE reminder SET failures = failures + 1, due = ${NOW} + 2000 * 2 ^ least(failures, 9)`
    const change = isDone ? 'DELETE FROM reminder' : rest
    return durably((client) =>
      client.query(`${change} WHERE who = $1 AND name = $2 AND serial = $3`, [who, name, serial]),
    )
  }

  return {
    events$: store.alarm.events$,
    set: (reminder) =>
      durably(async (client) => {
        const { name, at, text } = reminder
        store.alarm.set(at) // refuses what is no time
        await client.query(
          `INSERT INTO reminder (who, name, at, text, due) VALUES ($1, $2, $3, $4, $3) ON CONFLICT (who, name)
           DO UPDATE SET (at, text, due, failures, serial) = (excluded.at, excluded.text, excluded.due, 0, excluded.serial)`,
          [who, name, at, text],
        )
        await setAlarm(client)
        return reminder
      }),
    cancel: (name) =>
      durably(async (client) => {
        const { rowCount } = await client.query('DELETE FROM reminder WHERE who = $1 AND name = $2', [
          who,
          name,
        ])
        await setAlarm(client)
        return rowCount === 1
      }),
    list: () =>
      defer(async () => {
        const all = 'SELECT name, at::float8 AS at, text FROM reminder WHERE who = $1 ORDER BY reminder.at'
        return (await pool.query<Reminder>(all, [who])).rows
      }),
    deliver: (delivery) =>
      store.alarm.deliver(delivery, ({ scheduledTime }) => {
        const next$ = defer(() => nextDue(scheduledTime))
        const oneByOne$ = next$.pipe(
          expand((row) => {
            if (row === undefined) return EMPTY
            return use(row).pipe(
              concatMap((isDone) => settle(row, isDone)),
              concatMap(() => next$),
            )
          }),
        )
        return concat(oneByOne$, durably(setAlarm)).pipe(catchError(notTheReminders))
      }),
    close: () => store.close(),
  }
}

/** A database that is away must not use up the retries of the alarm. */
function notTheReminders(cause: unknown): never {
  throw Object.assign(new Error('The reminders could not be read or settled.', { cause }), { counted: false })
}
