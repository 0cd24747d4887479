import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'

const HOUR = 3_600_000

/** What each state has of a hundred thousand; the rest is pending, due within the six hours that begin in ten minutes. */
export const held = { failed: 1_000, due: 1_000, 'backing-off': 100, delivering: 100 }

export const markup = '<img src=x onerror="window.isHacked = 1">'
const stack = `Error: the <b>server</b> said 503\n    at pay (/srv/cart.ts:17:11)\n    at wake (/srv/actor.ts:4:2)`

/** Puts alarms into the file of a manager, in one statement. */
export function fillWithAlarms(file: string, now: number, count: number): void {
  const db = new DatabaseSync(file)
  db.exec(`
    ${alarms({ now, count, number: "printf('%07d', i)", holder: 'holder' })}
    INSERT INTO alarm (${columns}) SELECT ${columns} FROM held`)
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
}

/** The same for the tables of a manager on PostgreSQL. */
export async function fillTableWithAlarms(
  connectionString: string,
  now: number,
  count: number,
): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query(`
    ${alarms({ now, count, number: "to_char(i, 'FM0000000')", holder: '00000000-0000-4000-8000-000000000000' })}
    INSERT INTO nolater._nolater_alarm (id, again, ${columns})
    SELECT sha256(convert_to(key, 'UTF8')), false, ${columns.replace('holder', 'holder::uuid')} FROM held`)
  await client.query('VACUUM ANALYZE nolater._nolater_alarm')
  await client.end()
}

const columns =
  'key, time, fence, set_by, due, counted, uncounted, leased_until, holder, last_error, begun, changed_at'

/** As both databases take it: `held`, with all the columns. */
function alarms({ now, count, number, holder }: Filling): string {
  const text = (value: string): string => `'${value.replaceAll("'", "''")}'`
  const message = 'the <b>server</b> said 503'
  const error = JSON.stringify({ name: 'Error', message, stack, at: now - 60_000, since: now - HOUR })
  return `
    WITH RECURSIVE
      n(i) AS (SELECT CAST(1 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < ${count}),
      kind(i, key, state, late) AS (
        SELECT i,
          CASE i WHEN 100 THEN ${text(markup)} ELSE CASE i % 3 WHEN 0 THEN 'cart:' WHEN 1 THEN 'room:' ELSE 'user:' END || ${number} END,
          CASE WHEN i % 100 = 0 THEN 'failed' WHEN i % 100 = 1 THEN 'due'
            WHEN i % 1000 = 2 THEN 'backing-off' WHEN i % 1000 = 3 THEN 'delivering' ELSE 'pending' END,
          i % 3600 * 1000
        FROM n),
      timed(i, key, state, time, due) AS (
        SELECT i, key, state,
          CASE state WHEN 'pending' THEN ${now} + 600000 + i * 7919 % 21600 * 1000 ELSE ${now} - late - 1000 END,
          CASE state WHEN 'pending' THEN ${now} + 600000 + i * 7919 % 21600 * 1000 WHEN 'due' THEN ${now} - late - 1000
            WHEN 'failed' THEN NULL ELSE ${now} + ${HOUR} + late END
        FROM kind),
      held(${columns}) AS (
        SELECT key, time, i, i, due, CASE state WHEN 'failed' THEN 7 WHEN 'backing-off' THEN 2 ELSE 0 END, 0,
          CASE state WHEN 'delivering' THEN due END, CASE state WHEN 'delivering' THEN ${text(holder)} END,
          CASE WHEN state IN ('failed', 'backing-off') THEN ${text(error)} END, state IN ('backing-off', 'delivering'), ${now}
        FROM timed)`
}

interface Filling {
  readonly now: number
  readonly count: number
  /** SQL for seven digits of i */
  readonly number: string
  readonly holder: string
}
