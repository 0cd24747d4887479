import type { ClientBase, QueryConfig, QueryResultRow } from 'pg'
import { AlarmError } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'
import { inUse } from '../vocabulary/in-use.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import { idOf, toText } from './alarm-key.ts'
import type { Database } from './database.ts'
import type { Backend } from './lent-connections.ts'

/** The row of one actor: its alarm, and the epoch of its last opening. */
export interface ActorRow {
  /** of this opening, durable */
  readonly epoch: number
  /** what the row held then */
  readonly alarm: AlarmTime
  /** when the first of its timers was due then; `undefined` without any */
  readonly due: AlarmTime | undefined
  /** Begins a transaction that `check` knows again. A lock that is not granted in time ends it, unless the session says when. */
  begin(client: ClientBase, turn: string): Promise<Backend>
  /** Throws what would keep the transaction from being committed, while nothing is lost by it. */
  check(client: ClientBase, turn: string): Promise<void>
  /** Raises the epoch of its fences durably, and returns it. Fails with `ALARM_FENCED` where the actor was opened again since. */
  raise(epoch: number): Promise<number>
  /** Writes the alarm. Fails with `ALARM_FENCED` where the actor was opened again since. */
  save(client: ClientBase, alarm: AlarmTime): Promise<void>
  commit(client: ClientBase): Promise<void>
  rollBack(client: ClientBase): Promise<void>
  /**
   * Deletes the row, in the transaction that is open. Its epoch is kept as the least of all actors that are new from here on: what an
   * incarnation of before still sends has a lower fence, and none of its commits finds a row of its epoch.
   *
   * Fails with `ALARM_IN_USE` where the row holds an alarm, with `ALARM_FENCED` where the actor was opened again since.
   */
  remove(client: ClientBase): Promise<void>
}

const LOST = 2 ** 16 // openings of one actor at most that are lost with a primary

interface Opened {
  readonly epoch: number
  readonly alarm: AlarmTime
}

/**
 * Opens an actor: raises its epoch, so that the store that had it before cannot commit any more.
 *
 * The epoch of an opening that was lost when a standby took over would be given out again. So commits ask for the very opening; and on another
 * timeline than before epochs begin above all that was lost, for the managers that only know their fences.
 */
export async function openActorRow(db: Database, key: string): Promise<ActorRow> {
  const table = `${db.schema}._nolater_actor`
  const forgotten = `${db.schema}._nolater_version`
  const id = idOf(key)
  const opening = crypto.randomUUID()
  const timeline = await db.timeline()
  const lost = (row: string): string => `CASE WHEN ${row}.timeline = ${timeline} THEN 0 ELSE ${LOST} END`
  const raise = (uuid: string): string => `
    SET epoch = greatest(actor.epoch, actor.raised) + 1 + ${lost('actor')}, raised = 0, opening = ${uuid}, timeline = ${timeline}`
  const [opened] = await db.query<Opened>(
    `UPDATE ${table} AS actor ${raise('$2')} WHERE id = decode($1, 'hex') RETURNING epoch, alarm::float8`,
    [id, opening],
  )
  const { epoch, alarm } = opened ?? (await openNew())
  // After the epoch: nothing that was opened before can commit any more.
  const [timers] = await db.query<{ readonly due: AlarmTime; readonly count: number }>(
    `SELECT (SELECT due::float8 FROM ${db.schema}._nolater_timer WHERE actor = decode($1, 'hex') AND due IS NOT NULL
       ORDER BY due, serial LIMIT 1) AS due,
       (SELECT count(*)::integer FROM (SELECT FROM ${db.schema}._nolater_timer WHERE actor = decode($1, 'hex') LIMIT 1) AS any_of) AS count`,
    [id],
  )

  /** What is being forgotten is waited for: without the lock the epoch could be that of before. */
  async function openNew(): Promise<Opened> {
    const [added] = await db.query<Opened>(
      `INSERT INTO ${table} AS actor (id, key, epoch, opening, timeline)
       SELECT decode($1, 'hex'), $2::text, forgotten + 1 + ${lost('version')}, $3::uuid, ${timeline} FROM ${forgotten} AS version FOR SHARE
       ON CONFLICT (id) DO UPDATE ${raise('$3::uuid')} RETURNING epoch, alarm::float8`,
      [id, toText(key), opening],
    )
    return added!
  }

  function fenced(): AlarmError {
    return new AlarmError(
      'ALARM_FENCED',
      `The actor ${given(key)} was opened again since, or this opening was lost when a standby took over: this store has epoch ${epoch}. ` +
        'Another incarnation owns the actor, or may. Stop this one, or open it again.',
      { counted: false },
    )
  }

  /** Nothing was removed: says why, unless it is gone. */
  async function refuseRemoval(client: ClientBase): Promise<void> {
    const text = `SELECT alarm::float8, ${isOwn('$2', '$3')} AS "isOwn" FROM ${table} WHERE id = decode($1, 'hex')`
    const { 0: held } = (
      await ask<Pick<Opened, 'alarm'> & { readonly isOwn: boolean }>(client, text, [id, epoch, opening])
    ).rows
    if (held === undefined) return
    throw held.isOwn ? inUse(key, `the schema ${db.schema}`, `its alarm is ${held.alarm}`) : fenced()
  }

  /** The row $1 holds this opening and no other. */
  const isOwn = (epoch: string, uuid: string): string =>
    `id = decode($1, 'hex') AND epoch = ${epoch} AND opening = ${uuid}::uuid`

  /** A statement of ours: what does not answer in time has failed. */
  function ask<Row extends QueryResultRow>(client: ClientBase, text: string, values: unknown[] = []) {
    return client.query<Row>({ text, values, query_timeout: db.timeout } as QueryConfig)
  }

  return {
    epoch,
    alarm,
    due: timers?.count === 0 ? undefined : timers?.due,
    async begin(client, turn) {
      await ask(client, 'BEGIN ISOLATION LEVEL READ COMMITTED') // the role may have another default
      const { rows } = await ask<Backend>(
        client,
        `SELECT pg_backend_pid() AS pid, now()::text AS since, set_config('nolater.turn', $1, true),
          set_config('lock_timeout', coalesce(nullif(current_setting('lock_timeout'), '0'), $2), true)`,
        [turn, `${db.timeout}`],
      )
      return rows[0]!
    },
    async check(client, turn) {
      await client.query('SET CONSTRAINTS ALL IMMEDIATE')
      const { rows } = await client.query("SELECT current_setting('nolater.turn', true) AS turn")
      if (rows[0].turn === turn) return
      throw new AlarmError(
        'ALARM_TRANSACTION_INVALID',
        'The function of commitWith has ended the transaction, so that its changes and the alarm could not be committed together. Leave ' +
          'BEGIN, COMMIT and ROLLBACK to the store: throw an error to roll back.',
        { counted: false },
      )
    },
    async raise(least) {
      const raised = await db.query(
        `UPDATE ${table} SET raised = $2 WHERE ${isOwn('$3', '$4')} RETURNING 1`,
        [id, least, epoch, opening],
      )
      if (raised.length !== 1) throw fenced()
      return least
    },
    async save(client, time) {
      const { rowCount } = await ask(client, `UPDATE ${table} SET alarm = $2 WHERE ${isOwn('$3', '$4')}`, [
        id,
        time,
        epoch,
        opening,
      ])
      if (rowCount !== 1) throw fenced()
    },
    async commit(client) {
      // Where a statement has failed before it, the server rolls back, and calls that no error.
      const { command } = await ask(client, 'COMMIT')
      if (command !== 'COMMIT') throw new Error(`COMMIT was answered with ${command}`)
    },
    async rollBack(client) {
      await ask(client, 'ROLLBACK')
    },
    async remove(client) {
      // Before the row: an actor that is opened again waits for the one, then needs the other.
      await ask(client, `SELECT FROM ${forgotten} FOR UPDATE`)
      const { rows } = await ask<Opened>(
        client,
        `DELETE FROM ${table} WHERE ${isOwn('$2', '$3')} AND alarm IS NULL RETURNING greatest(epoch, raised) AS epoch`,
        [id, epoch, opening],
      )
      if (rows.length === 0) return await refuseRemoval(client)
      for (const table of ['_nolater_timer', '_nolater_timer_sets'])
        await ask(client, `DELETE FROM ${db.schema}.${table} WHERE actor = decode($1, 'hex')`, [id])
      await ask(
        client,
        `UPDATE ${forgotten} AS version SET forgotten = greatest(forgotten + ${lost('version')}, $1), timeline = ${timeline}`,
        [rows[0]!.epoch],
      )
    },
  }
}
