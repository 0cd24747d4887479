import type { ClientBase } from 'pg'
import { type Operating, type Operations, operationOf } from '../../changes/operations.ts'
import type { ActorOperation, FleetRequest } from '../../fleet/actor-fleet.ts'
import { idOf } from '../alarm-key.ts'
import type { Database } from '../database.ts'
import { CLOCK } from '../statements.ts'
import type { ChangeWork } from './change.ts'

/** A change that has a name, so that another process can be asked for it. What it is given and what it returns go over as JSON. */
export type Operation = ActorOperation<ClientBase>

const DAY = 86_400_000

/** What a request does, as a change. Throws `ALARM_CONFIG_INVALID`, `ALARM_VALUE_INVALID`. */
export function workOf(
  operations: Operations<ClientBase>,
  schema: string,
  request: FleetRequest,
): ChangeWork<unknown> {
  const { key, id } = request
  const work = operationOf(operations, request)
  return id === undefined ? work : once(schema, `${idOf(key)} ${id}`, work)
}

/** Keeps what it returned in the same transaction: asked for again, it is that, and nothing is done. */
function once(schema: string, id: string, work: Operating<ClientBase>): ChangeWork<unknown> {
  const table = `${schema}._nolater_request`
  const enter = `
    WITH ${CLOCK} INSERT INTO ${table} (id, at) SELECT $1, now FROM clock ON CONFLICT DO NOTHING RETURNING 1`
  return async (tx, alarm) => {
    const { rowCount } = await tx.query(enter, [id])
    if (rowCount === 0) {
      const { rows } = await tx.query(`SELECT result FROM ${table} WHERE id = $1`, [id])
      return JSON.parse(rows[0].result)
    }
    const result = await work(tx, alarm)
    await tx.query(`UPDATE ${table} SET result = $2 WHERE id = $1`, [id, JSON.stringify(result)])
    return result
  }
}

/** Forgets requests that are a day old, as many as there are. */
export async function forgetRequests(db: Database): Promise<void> {
  const table = `${db.schema}._nolater_request`
  const forget = `
    WITH ${CLOCK}
    DELETE FROM ${table} WHERE id IN (
      SELECT id FROM clock, LATERAL (
        SELECT id FROM ${table} WHERE at < now - ${DAY} ORDER BY at LIMIT 1000 FOR UPDATE SKIP LOCKED) AS old)
    RETURNING 1`
  while ((await db.query(forget, [])).length > 0) {}
}
