import type { DatabaseSync } from 'node:sqlite'
import { type Operating, type Operations, operationOf } from '../../changes/operations.ts'
import type { FleetRequest, FleetTransaction } from '../../fleet/actor-fleet.ts'
import type { ChangeWork } from './change.ts'

/** The operations of a fleet, and what was asked of them under an id. */
export interface RequestedOperations {
  /** What a request does, as a change. Throws `ALARM_CONFIG_INVALID`, `ALARM_VALUE_INVALID`. */
  workOf(request: FleetRequest): ChangeWork
  /** Forgets requests that are a day old, some at a time. Whether there may be more. */
  forget(): boolean
}

const DAY = 86_400_000
const SOME = 1_000

export function requestedOperations(
  db: DatabaseSync,
  operations: Operations<FleetTransaction>,
  now: () => number,
): RequestedOperations {
  db.exec(`
    CREATE TABLE IF NOT EXISTS _nolater_request (
      key TEXT NOT NULL, -- of the actor
      id TEXT NOT NULL,
      at INTEGER NOT NULL, -- ms since the epoch
      result TEXT NOT NULL, -- JSON
      PRIMARY KEY (key, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS _nolater_request_at ON _nolater_request (at)`)
  const done = db.prepare('SELECT result FROM _nolater_request WHERE key = ? AND id = ?')
  const keep = db.prepare('INSERT INTO _nolater_request (key, id, at, result) VALUES (?, ?, ?, ?)')
  const forget = db.prepare(
    `DELETE FROM _nolater_request WHERE (key, id) IN (SELECT key, id FROM _nolater_request WHERE at < ? ORDER BY at LIMIT ${SOME})`,
  )

  /** What it returned is kept in its transaction: asked for again, it is that, and nothing is done. */
  function once(key: string, id: string, work: Operating<FleetTransaction>): ChangeWork {
    return async (tx, alarm, loan) => {
      const known = done.get(key, id) as { result: string } | undefined
      if (known !== undefined) return JSON.parse(known.result)
      const result = await work(tx, alarm)
      loan.check() // what comes too late would be in another transaction
      keep.run(key, id, now(), JSON.stringify(result))
      return result
    }
  }

  return {
    workOf(request) {
      const { key, id } = request
      const work = operationOf(operations, request)
      return id === undefined ? work : once(key, id, work)
    },
    forget: () => forget.run(now() - DAY).changes === SOME,
  }
}
