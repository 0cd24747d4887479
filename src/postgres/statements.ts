import { RESCHEDULED } from '../ledger/held-alarm.ts'
import { FEW } from '../ledger/list-alarms.ts'

/** Milliseconds of the database's clock. */
const NOW = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now'
export const CLOCK = `clock AS (SELECT ${NOW})`

/** A row as a `HeldAlarm`; `due` is the column that says when it is due. */
const columnsOf = (row: string, due: string): string => `
  ${row}.key, ${row}.time::float8, ${row}.fence::float8, ${row}.set_by::float8 AS "setBy", ${row}.done::float8, ${row}.${due}::float8 AS due,
  ${row}.counted, ${row}.uncounted, ${row}.leased_until::float8 AS "leasedUntil", ${row}.holder, ${row}.begun, ${row}.last_error AS "lastError",
  ${row}.aside, ${row}.changed_at::float8 AS "changedAt"`

/** What an answer finds, or leaves. */
const standing = (row: string): string => `
  encode(${row}.id, 'hex') AS id, ${row}.time::float8, ${row}.fence::float8, ${row}.set_by::float8 AS "setBy", ${row}.done::float8,
  ${row}.due::float8, ${row}.holder`

/**
 * The statements of a manager. Rows are locked in the order of their ids, or not waited for: no deadlock.
 *
 * `ours` says of a row whether it is taken. No two results of a statement are joined: the server takes each for small, and would compare every row of one with every row of the other.
 */
export function statementsOf(schema: string, ours = 'true') {
  const alarm = `${schema}._nolater_alarm`
  // An array: the server looks each of them up in the index, however little it knows of the table.
  const isAsked = `id = ANY (ARRAY(SELECT decode(id, 'hex') FROM unnest($1::text[]) AS asked (id)))`

  /** What `written` in ../ledger/held-alarm.ts says, for many keys. A row that is not returned holds a higher fence. */
  const isKept = `(
    excluded.fence = held.fence AND (excluded.time IS NOT DISTINCT FROM held.time OR excluded.time = held.done)
    OR excluded.again AND excluded.time = held.time)`
  const write = `
    WITH ${CLOCK},
    asked AS (
      SELECT decode(id, 'hex') AS id, key, time, fence, again
      FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::boolean[]) AS asked (id, key, time, fence, again)
    ),
    changed AS (
      INSERT INTO ${alarm} AS held
        (id, key, time, fence, set_by, again, done, due, counted, uncounted, changed_at)
      SELECT id, key, time, fence, fence, again, NULL, time, 0, 0, now FROM asked, clock ORDER BY id
      ON CONFLICT (id) DO UPDATE SET
        time = CASE WHEN ${isKept} THEN held.time ELSE excluded.time END,
        fence = excluded.fence,
        set_by = CASE WHEN ${isKept} THEN held.set_by ELSE excluded.set_by END,
        again = excluded.again,
        done = CASE WHEN ${isKept} THEN held.done END,
        due = CASE
          WHEN ${isKept} THEN held.due
          -- One delivery per key: the new time waits for the answer, or for the end of the lease.
          WHEN excluded.time IS NOT NULL THEN greatest(excluded.time, held.leased_until)
        END,
        counted = CASE WHEN ${isKept} THEN held.counted ELSE 0 END,
        uncounted = CASE WHEN ${isKept} THEN held.uncounted ELSE 0 END,
        last_error = CASE WHEN ${isKept} THEN held.last_error END,
        begun = CASE WHEN ${isKept} THEN held.begun ELSE false END,
        aside = CASE WHEN ${isKept} THEN held.aside END,
        changed_at = excluded.changed_at
      WHERE excluded.fence >= held.fence
      RETURNING id, due
    )
    SELECT encode(id, 'hex') AS id, (due - now)::float8 AS "dueIn" FROM changed, clock`

  /** What refused a write. */
  const fences = `SELECT encode(id, 'hex') AS id, fence::float8 FROM ${alarm} WHERE ${isAsked}`

  const isPaused = (row: string): string => `EXISTS (
    SELECT FROM pauses, json_array_elements(pauses.scopes::json) AS scope
    WHERE CASE WHEN scope ->> 'key' IS NULL THEN starts_with(${row}.key, scope ->> 'prefix') ELSE ${row}.key = scope ->> 'key' END)`

  /**
   * Takes at most $2 of what is due for a lease, unless it is being taken elsewhere. What is paused is set aside.
   *
   * The pauses are locked, once there is something to take: what is paused or resumed in that moment waits for the end of this statement, or
   * this one for its. Losing a lease with the server brings the alarm once more and no later, so that its commit waits for no disk.
   *
   * Two limits: by the inner one, unknown when it plans, the server expects many and goes along the index instead of sorting all that are
   * due, also where it knows nothing of the table yet (no ANALYZE so far); by the outer one it expects few, and finds each again by its id.
   * It takes the pauses for many rows, too, and would compile the statement before it runs it.
   */
  const take = `
    WITH clock AS (SELECT ${NOW}, set_config('synchronous_commit', 'off', true)),
    found AS MATERIALIZED (
      SELECT * FROM (
        SELECT id, key, due FROM ${alarm} WHERE due <= (SELECT now FROM clock) AND aside IS NULL AND ${ours}
        ORDER BY due LIMIT (SELECT $2::integer) FOR UPDATE SKIP LOCKED
      ) AS first LIMIT $2
    ),
    pauses AS MATERIALIZED (
      SELECT generation, scopes FROM ${schema}._nolater_pauses WHERE EXISTS (SELECT FROM found) LIMIT 1 FOR SHARE
    ),
    paused AS (
      UPDATE ${alarm} AS row SET aside = generation FROM found, pauses WHERE row.id = found.id AND ${isPaused('found')}
    ),
    taken AS (
      UPDATE ${alarm} AS row
      SET holder = $1, leased_until = now + $3, due = now + $3, begun = true, changed_at = now
      FROM found, clock WHERE row.id = found.id AND NOT ${isPaused('found')}
      RETURNING row.*, found.due AS was_due
    )
    SELECT encode(taken.id, 'hex') AS id, ${columnsOf('taken', 'was_due')}, (now - was_due)::float8 AS late,
      (SELECT count(*) FROM found)::float8 AS found,
      ((SELECT due FROM ${alarm} WHERE due > (SELECT now FROM clock) AND aside IS NULL AND ${ours} ORDER BY due LIMIT 1) - now)::float8 AS "nextIn"
    FROM clock LEFT JOIN taken ON true`

  /** What was set aside in an earlier generation, some at a time: it is due again, or paused by another scope, too. */
  const restore = `
    WITH pauses AS MATERIALIZED (SELECT generation, scopes FROM ${schema}._nolater_pauses LIMIT 1 FOR SHARE),
    found AS MATERIALIZED (
      SELECT id, key FROM ${alarm} WHERE aside < (SELECT generation FROM pauses) LIMIT 1000 FOR UPDATE SKIP LOCKED
    )
    UPDATE ${alarm} AS row SET aside = CASE WHEN ${isPaused('found')} THEN generation END
    FROM found, pauses WHERE row.id = found.id RETURNING 1`

  /** Gives back all that a holder took without an answer to say what. */
  const giveBack = `
    WITH ${CLOCK},
    seen AS MATERIALIZED (SELECT id FROM ${alarm} WHERE holder = $1 ORDER BY id FOR UPDATE)
    UPDATE ${alarm} AS row SET holder = NULL, leased_until = NULL,
      due = CASE WHEN time IS NOT NULL THEN greatest(CASE WHEN NOT begun THEN time END, now) END
    FROM clock WHERE row.holder = $1 AND (SELECT count(*) FROM seen) > 0`

  /**
   * Enters answers. Each is of a holder, which may have lost its lease; and says what is to stand if nothing was written since: by the
   * fence where one is given, else by the write that set the alarm. Otherwise what was written stands, at its own time.
   */
  const stands = `(
    row.time IS NOT DISTINCT FROM said.time AND CASE WHEN said.fence IS NULL THEN row.set_by = said.set_by ELSE row.fence = said.fence END)`
  const answer = `
    WITH ${CLOCK},
    said AS (
      SELECT decode(id, 'hex') AS id, holder, time, fence, set_by, to_time, done, counted, uncounted, due_at, due_in, error, begun
      FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::integer[],
        $9::integer[], $10::bigint[], $11::bigint[], $12::text[], $13::boolean[])
        AS said (id, holder, time, fence, set_by, to_time, done, counted, uncounted, due_at, due_in, error, begun)
    ),
    seen AS MATERIALIZED (SELECT id FROM ${alarm} WHERE ${isAsked} ORDER BY id FOR UPDATE),
    changed AS (
      UPDATE ${alarm} AS row SET
        holder = NULL, leased_until = NULL, changed_at = now,
        time = CASE WHEN ${stands} THEN said.to_time ELSE row.time END,
        done = CASE WHEN ${stands} THEN said.done ELSE row.done END,
        due = CASE WHEN ${stands} THEN coalesce(said.due_at, now + said.due_in) ELSE row.time END,
        counted = CASE WHEN ${stands} THEN said.counted WHEN said.fence IS NULL THEN row.counted ELSE 0 END,
        uncounted = CASE WHEN ${stands} THEN said.uncounted WHEN said.fence IS NULL THEN row.uncounted ELSE 0 END,
        begun = CASE WHEN ${stands} THEN said.begun ELSE false END,
        last_error = CASE WHEN ${stands} THEN said.error WHEN said.fence IS NULL THEN row.last_error END
      FROM said, clock
      -- IS TRUE: what holds 500 rows would be joined by its 500 answers, not one by one by id.
      WHERE row.id = said.id AND (row.holder = said.holder) IS TRUE AND (SELECT count(*) FROM seen) > 0
      RETURNING row.*
    )
    SELECT ${standing('changed')}, (due - now)::float8 AS "dueIn" FROM changed, clock`

  /** What stands where an answer was not entered. */
  const stand = `SELECT ${standing('row')} FROM ${alarm} AS row WHERE ${isAsked}`

  /**
   * Begins those leases and back-offs again that say they began later than now: the clock of the database was set back. So none is longer
   * than it would have been from its beginning, and again from here on.
   */
  const bound = `
    WITH ${CLOCK},
    seen AS MATERIALIZED (
      SELECT row.id FROM clock, ${alarm} AS row
      WHERE row.due IS NOT NULL AND (row.begun OR row.leased_until IS NOT NULL) AND row.changed_at > now ORDER BY row.id LIMIT 1000 FOR UPDATE OF row
    )
    UPDATE ${alarm} AS row SET leased_until = row.leased_until + now - row.changed_at, changed_at = now,
      due = greatest(CASE WHEN NOT row.begun THEN row.time END, coalesce(row.leased_until, row.due) + now - row.changed_at)
    FROM seen, clock WHERE row.id = seen.id`

  /** Forgets removals older than $1 ms, some at a time. */
  const forget = `
    WITH ${CLOCK}
    DELETE FROM ${alarm} WHERE id IN (
      SELECT id FROM clock, LATERAL (
        SELECT id FROM ${alarm} WHERE time IS NULL AND changed_at < now - $1 ORDER BY changed_at LIMIT 1000 FOR UPDATE SKIP LOCKED) AS old)
    RETURNING 1`

  const get = `SELECT time::float8 FROM ${alarm} WHERE id = decode($1, 'hex')`

  const read = `SELECT ${columnsOf('row', 'due')} FROM ${alarm} AS row WHERE id = decode($1, 'hex')`

  /** Those after ($1, $2) and before $3 that begin with $5, at most $4: those that wait, those that have failed, or both. */
  const part = (at: string, which: string, from = alarm): string => `(
    SELECT *, ${at} AS at FROM ${from}
    WHERE ${which} AND (${at}, id) > ($1::bigint, decode($2, 'hex')) AND ${at} < $3::bigint AND starts_with(key, $5) ORDER BY ${at}, id LIMIT $4)`
  const waiting = `${part('due', 'due IS NOT NULL AND aside IS NULL')} UNION ALL ${part('due', 'aside IS NOT NULL')}`
  const failed = part('time', 'due IS NULL AND time IS NOT NULL')
  const page = (wanted: boolean | null): string => `
    SELECT ${columnsOf('row', 'due')}
    FROM (${wanted === null ? `${waiting} UNION ALL ${failed}` : wanted ? failed : waiting}) AS row ORDER BY at, id LIMIT $4`

  /** There are few that were delivered once, mostly: an order of their own is made faster than they are found among all that wait. */
  const pageOfBegun = `
    WITH once AS MATERIALIZED (
      SELECT * FROM ${alarm} WHERE due IS NOT NULL AND (begun OR leased_until IS NOT NULL) ORDER BY changed_at LIMIT ${FEW + 1}),
    look AS MATERIALIZED (SELECT count(*) <= ${FEW} AS few FROM once)
    SELECT ${columnsOf('row', 'due')}
    FROM (
      ${part('due', '(SELECT few FROM look)', 'once')}
      UNION ALL ${part('due', 'due IS NOT NULL AND aside IS NULL AND NOT (SELECT few FROM look)')}
      UNION ALL ${part('due', 'aside IS NOT NULL AND NOT (SELECT few FROM look)')}
    ) AS row ORDER BY at, id LIMIT $4`

  const failedOne = 'row.due IS NULL'
  /** Also what an operator put off to a time that is later than its own. */
  const redriven = `(${failedOne} OR (${RESCHEDULED}))`
  /** Changes the alarm of $1, if it is such a one and, where one is asked for, has the fence $2. */
  const revive = (which: string, changes: string): string => `
    WITH ${CLOCK},
    seen AS MATERIALIZED (SELECT id FROM ${alarm} WHERE id = decode($1, 'hex') FOR UPDATE),
    changed AS (
      UPDATE ${alarm} AS row SET counted = 0, uncounted = 0, changed_at = now, ${changes}
      FROM seen, clock
      WHERE row.id = seen.id AND row.time IS NOT NULL AND ${which} AND row.fence = coalesce($2, row.fence)
      RETURNING row.id, row.due
    )
    SELECT (due - now)::float8 AS "dueIn" FROM changed, clock`
  const retry = revive(redriven, 'due = now, begun = true')
  const reschedule = revive(redriven, 'due = greatest($3::bigint, row.time), begun = false')
  const discard = revive(failedOne, 'time = NULL, done = row.time, last_error = NULL')

  return {
    restore,
    reschedule,
    write,
    fences,
    take,
    giveBack,
    answer,
    stand,
    forget,
    get,
    read,
    page,
    pageOfBegun,
    retry,
    discard,
    bound,
  }
}
