import type { ClientBase } from 'pg'
import { AlarmError, given } from '../errors.ts'
import type { AlarmTime } from '../time.ts'
import { idOf, toText } from './alarm-key.ts'
import type { Database } from './database.ts'

/** The row of one actor: its alarm, and the epoch of who opened it last. */
export interface ActorRow {
  /** of this opening, durable */
  readonly epoch: number
  /** what the row held then */
  readonly alarm: AlarmTime
  /** Begins a transaction that `check` knows again. */
  begin(client: ClientBase, turn: string): Promise<void>
  /** Throws what would keep the transaction from being committed, while nothing is lost by it. */
  check(client: ClientBase, turn: string): Promise<void>
  /** Writes the alarm. Fails with `ALARM_FENCED` where the actor was opened again since. */
  save(client: Pick<ClientBase, 'query'>, alarm: AlarmTime): Promise<void>
}

/** Opens an actor: raises its epoch, so that whoever had it before cannot commit any more. */
export async function openActorRow(db: Database, key: string): Promise<ActorRow> {
  const table = `${db.schema}._nolater_actor`
  const id = idOf(key)
  const [opened] = await db.query<{ epoch: number; alarm: AlarmTime }>(
    `INSERT INTO ${table} AS actor (id, key, epoch) VALUES (decode($1, 'hex'), $2, 1)
     ON CONFLICT (id) DO UPDATE SET epoch = actor.epoch + 1 RETURNING epoch, alarm::float8`,
    [id, toText(key)],
  )
  const { epoch, alarm } = opened!

  function fenced(): AlarmError {
    return new AlarmError(
      'ALARM_FENCED',
      `The actor ${given(key)} was opened again since: this store has epoch ${epoch}. Another incarnation owns it. Stop this one, or ` +
        'open it again.',
      { counted: false },
    )
  }

  return {
    epoch,
    alarm,
    async begin(client, turn) {
      await client.query('BEGIN')
      await client.query("SELECT set_config('nolater.turn', $1, true)", [turn])
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
    async save(client, time) {
      const { rowCount } = await client.query(
        `UPDATE ${table} SET alarm = $2 WHERE id = decode($1, 'hex') AND epoch = $3`,
        [id, time, epoch],
      )
      if (rowCount !== 1) throw fenced()
    },
  }
}
