import type { ClientBase, QueryConfig } from 'pg'
import type { TimerListOptions } from '../timers/stored-timers.ts'
import type { TimerRow } from '../timers/timer.ts'
import type { Place } from '../timers/timer-rows.ts'
import { AlarmError } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import { fromText, idOf, toText } from './alarm-key.ts'
import type { Database } from './database.ts'

type Client = Pick<ClientBase, 'query'>

/** The timers of one actor, in the transaction of a client. */
export interface TimerTable {
  /** Locks out every other transaction that sets timers of this actor, and returns the serial of the newest set. */
  sets(client: Client): Promise<number>
  find(client: Client, name: string): Promise<TimerRow | undefined>
  earliest(client: Client): Promise<AlarmTime>
  due(client: Client, until: number, after: Place | null, most: number): Promise<readonly TimerRow[]>
  put(client: Client, timer: TimerRow): Promise<void>
  remove(client: Client, name: string): Promise<void>
  /** Those of a prefix; how many there were. */
  removeAll(client: Client, prefix: string): Promise<number>
  list(client: Client, options: TimerListOptions): Promise<readonly TimerRow[]>
  /** the one whose back-off ends last */
  latest(client: Client): Promise<TimerRow | undefined>
}

interface Stored extends Omit<TimerRow, 'payload' | 'lastError' | 'series'> {
  readonly payload: string | null
  readonly lastError: string | null
  readonly series: string | null
}

const COLUMNS = `
  name, time::float8, due::float8, serial::float8, counted, uncounted, payload, last_error AS "lastError", series`

export function timerTable(db: Database, key: string): TimerTable {
  const table = `${db.schema}._nolater_timer`
  const actor = idOf(key)

  async function ask<Row>(client: Client, text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const query = { text, values: [actor, ...values], query_timeout: db.timeout } as QueryConfig
    return (await client.query(query)).rows as Row[]
  }

  async function rows(client: Client, rest: string, values?: readonly unknown[]): Promise<TimerRow[]> {
    const text = `SELECT ${COLUMNS} FROM ${table} WHERE actor = decode($1, 'hex') AND ${rest}`
    return (await ask<Stored>(client, text, values)).map(rowOf)
  }

  return {
    async sets(client) {
      const [counted] = await ask<{ sets: number }>(
        client,
        `INSERT INTO ${db.schema}._nolater_timer_sets AS own VALUES (decode($1, 'hex'), 0)
         ON CONFLICT (actor) DO UPDATE SET sets = own.sets RETURNING sets::float8`,
      )
      return (counted as { sets: number }).sets
    },
    find: async (client, name) => (await rows(client, 'name = $2', [toText(name)]))[0],
    async earliest(client) {
      const text = `SELECT due::float8 FROM ${table} WHERE actor = decode($1, 'hex') AND due IS NOT NULL ORDER BY due, serial LIMIT 1`
      return (await ask<{ due: number }>(client, text))[0]?.due ?? null
    },
    due: (client, until, after, most) =>
      rows(client, 'due <= $2 AND (due, serial) > ($3, $4) ORDER BY due, serial LIMIT $5', [
        until,
        after?.due ?? -1,
        after?.serial ?? 0,
        most,
      ]),
    async put(client, { name, time, due, serial, counted, uncounted, payload, lastError, series }) {
      await ask(
        client,
        `WITH counted AS (
           UPDATE ${db.schema}._nolater_timer_sets SET sets = greatest(sets, $5::bigint) WHERE actor = decode($1, 'hex')
         )
         INSERT INTO ${table} VALUES (decode($1, 'hex'), $2, $3, $4, $5::bigint, $6::integer, $7::integer, $8, $9, $10)
         ON CONFLICT (actor, name) DO UPDATE SET
           time = excluded.time, due = excluded.due, serial = excluded.serial, counted = excluded.counted,
           uncounted = excluded.uncounted, payload = excluded.payload, last_error = excluded.last_error,
           series = excluded.series`,
        [
          toText(name),
          time,
          due,
          serial,
          counted,
          uncounted,
          pack(name, payload),
          lastError === null || lastError === undefined ? null : JSON.stringify(lastError),
          series === null || series === undefined ? null : JSON.stringify(series),
        ],
      )
    },
    async remove(client, name) {
      await ask(client, `DELETE FROM ${table} WHERE actor = decode($1, 'hex') AND name = $2`, [toText(name)])
    },
    async removeAll(client, prefix) {
      const gone = await ask(
        client,
        `DELETE FROM ${table} WHERE actor = decode($1, 'hex') AND starts_with(name, $2) RETURNING 1`,
        [toText(prefix)],
      )
      return gone.length
    },
    list(client, { prefix = '', state, by, after, limit = Number.MAX_SAFE_INTEGER }) {
      const isTimed = by === 'time' && state === undefined
      const place = isTimed
        ? '(due, serial) > ($3, $4) AND due IS NOT NULL'
        : '($3::text IS NULL OR name > $3) AND $4::bigint IS NULL'
      const isState =
        state === undefined
          ? 'true'
          : `due IS NULL AND coalesce((series::jsonb ->> 'paused')::boolean, false) = ${state === 'paused'}`
      const order = isTimed ? 'due, serial' : 'name'
      const values = isTimed
        ? [after?.due ?? -1, after === undefined ? 0 : Number(after.id)]
        : [after === undefined ? null : toText(after.name), null]
      return rows(client, `starts_with(name, $2) AND ${place} AND ${isState} ORDER BY ${order} LIMIT $5`, [
        toText(prefix),
        ...values,
        limit,
      ])
    },
    latest: async (client) =>
      (await rows(client, 'due IS NOT NULL AND counted + uncounted > 0 ORDER BY due DESC LIMIT 1'))[0],
  }
}

/** A payload is JSON here. */
export function pack(name: string, payload: unknown): string | null {
  if (payload === undefined) return null
  try {
    const text: unknown = JSON.stringify(payload)
    if (typeof text === 'string') return text.toWellFormed().replaceAll('\\u0000', '\\ufffd')
  } catch {}
  throw new AlarmError(
    'ALARM_VALUE_INVALID',
    `The payload of ${given(name)} must be one that JSON takes; given ${given(payload)}. Put plain data.`,
  )
}

function rowOf({ name, payload, lastError, series, ...row }: Stored): TimerRow {
  return {
    ...row,
    name: fromText(name),
    payload: payload === null ? undefined : JSON.parse(payload),
    lastError: lastError === null ? null : JSON.parse(lastError),
    series: series === null ? null : JSON.parse(series),
  }
}
