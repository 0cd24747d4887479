import { DatabaseSync } from 'node:sqlite'

const HOUR = 3_600_000

/** What each state has of a hundred thousand; the rest is pending, due within the six hours that begin in ten minutes. */
export const held = { failed: 1_000, due: 1_000, 'backing-off': 100, delivering: 100 }

export const markup = '<img src=x onerror="window.isHacked = 1">'
const stack = `Error: the <b>server</b> said 503\n    at pay (/srv/cart.ts:17:11)\n    at wake (/srv/actor.ts:4:2)`

/** Puts alarms into the file of a manager, in one statement. */
export function fillWithAlarms(file: string, now: number, count: number): void {
  const db = new DatabaseSync(file)
  const error = {
    name: 'Error',
    message: 'the <b>server</b> said 503',
    stack,
    at: now - 60_000,
    since: now - HOUR,
  }
  const fill = db.prepare(`
    WITH RECURSIVE
      n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count),
      kind(i, key, state, late) AS (
        SELECT i,
          CASE i WHEN 100 THEN :markup ELSE printf('%s:%07d', CASE i % 3 WHEN 0 THEN 'cart' WHEN 1 THEN 'room' ELSE 'user' END, i) END,
          CASE WHEN i % 100 = 0 THEN 'failed' WHEN i % 100 = 1 THEN 'due'
            WHEN i % 1000 = 2 THEN 'backing-off' WHEN i % 1000 = 3 THEN 'delivering' ELSE 'pending' END,
          i % 3600 * 1000
        FROM n),
      row(i, key, state, time, due) AS (
        SELECT i, key, state,
          CASE state WHEN 'pending' THEN :now + 600000 + i * 7919 % 21600 * 1000 ELSE :now - late - 1000 END,
          CASE state WHEN 'pending' THEN :now + 600000 + i * 7919 % 21600 * 1000 WHEN 'due' THEN :now - late - 1000
            WHEN 'failed' THEN NULL ELSE :now + ${HOUR} + late END
        FROM kind)
    INSERT INTO alarm (key, time, fence, set_by, due, counted, uncounted, leased_until, holder, last_error, begun, changed_at)
    SELECT key, time, i, i, due, CASE state WHEN 'failed' THEN 7 WHEN 'backing-off' THEN 2 ELSE 0 END, 0,
      CASE state WHEN 'delivering' THEN due END, CASE state WHEN 'delivering' THEN 'holder' END,
      CASE WHEN state IN ('failed', 'backing-off') THEN :error END, state IN ('backing-off', 'delivering'), :now
    FROM row`)
  fill.run({ now, count, markup, error: JSON.stringify(error) })
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
}
