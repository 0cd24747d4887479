import type { ClientBase } from 'pg'
import { configError } from '../../vocabulary/error-of.ts'
import { CLOCK } from '../statements.ts'
import type { ChangedAlarm, ChangeWork } from './changes.ts'

/** A change that has a name, so that another process can be asked for it. What it is given and what it returns go over as JSON. */
export type Operation = (tx: ClientBase, alarm: ChangedAlarm, input: never) => unknown

/** A change that is asked for by its name. */
export interface Request {
  readonly key: string
  readonly operation: string
  readonly input: unknown
  /** by which it is done once, however often it is asked for; forgotten after a day */
  readonly id?: string
}

/** What a request does, as a change. Throws `ALARM_CONFIG_INVALID`. */
export function workOf(
  operations: Readonly<Record<string, Operation>>,
  schema: string,
  { operation, input, id }: Request,
): ChangeWork<unknown> {
  const known = Object.hasOwn(operations, operation) ? operations[operation] : undefined
  if (known === undefined) {
    const names = Object.keys(operations).join(', ') || 'none'
    throw configError('operation', `one of those that the fleet was opened with (${names})`, operation)
  }
  const work: ChangeWork<unknown> = (tx, alarm) => known(tx, alarm, input as never)
  return id === undefined ? work : once(schema, id, work)
}

/** Keeps what it returned in the same transaction: asked for again, it is that, and nothing is done. */
function once(schema: string, id: string, work: ChangeWork<unknown>): ChangeWork<unknown> {
  const table = `${schema}._nolater_request`
  const enter = `
    WITH ${CLOCK} INSERT INTO ${table} (id, at) SELECT $1, now FROM clock ON CONFLICT DO NOTHING RETURNING 1`
  return async (tx, alarm) => {
    const { rowCount } = await tx.query(enter, [id])
    if (rowCount === 0) {
      const { rows } = await tx.query(`SELECT result FROM ${table} WHERE id = $1`, [id])
      return JSON.parse(rows[0].result)
    }
    const result = (await work(tx, alarm)) ?? null
    await tx.query(`UPDATE ${table} SET result = $2 WHERE id = $1`, [id, JSON.stringify(result)])
    return result
  }
}
