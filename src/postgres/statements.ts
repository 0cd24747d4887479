/** The one task of graphile-worker that is ours: to wake an actor. */
export const TASK = 'nolater'

/** What a job is found by. The schema holds the jobs as well, so no other schema's can be meant. */
const jobOf = (row: string): string => `'${TASK}:' || encode(${row}.id, 'hex')`

/** Milliseconds of the database's clock, which is also what graphile-worker compares with. */
export const CLOCK = 'clock AS (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now)'

/**
 * Makes the jobs of the rows in `changed` what the rows say: one at `due`, or none.
 *
 * add_jobs returns nothing for a job that a worker takes at this very moment (graphile/worker#580): what is not in `armed` has to be asked
 * again, and that job has then lost its key to the new one.
 */
const ARM = (schema: string): string => `
  armed AS (
    SELECT job.key FROM (
      SELECT array_agg((
        '${TASK}', json_build_object('id', encode(changed.id, 'hex')), NULL, to_timestamp(due / 1000.0), 1, ${jobOf('changed')}, NULL, NULL
      )::${schema}.job_spec ORDER BY id) AS specs
      FROM changed WHERE due IS NOT NULL HAVING count(*) > 0
    ) AS jobs, LATERAL ${schema}.add_jobs(jobs.specs) AS job
  ),
  disarmed AS (SELECT ${schema}.remove_job(${jobOf('changed')}) AS job FROM changed WHERE due IS NULL),
  jobs AS (SELECT count(*) + (SELECT count(job) FROM disarmed) AS count FROM armed)`

const IS_ARMED = `(changed.due IS NULL OR EXISTS (SELECT FROM armed WHERE armed.key = ${jobOf('changed')}))`

/** A row as a `HeldAlarm`; `due` is the column that says when it is due. */
const columnsOf = (row: string, due: string): string => `
  ${row}.key, ${row}.time::float8, ${row}.fence::float8, ${row}.set_by::float8 AS "setBy", ${row}.done::float8, ${row}.${due}::float8 AS due,
  ${row}.counted, ${row}.uncounted, ${row}.leased_until::float8 AS "leasedUntil", ${row}.holder, ${row}.begun, ${row}.last_error AS "lastError",
  ${row}.aside, ${row}.changed_at::float8 AS "changedAt"`

/** The statements of a manager. Rows are locked in the order of their ids, and jobs only under the lock of their row: no deadlock. */
export function statementsOf(schema: string) {
  const alarm = `${schema}._nolater_alarm`
  const lock = (asked: string): string =>
    `seen AS MATERIALIZED (SELECT row.* FROM ${alarm} AS row JOIN ${asked} USING (id) ORDER BY row.id FOR UPDATE OF row)`

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
    ),
    ${ARM(schema)}
    SELECT encode(asked.id, 'hex') AS id, changed.id IS NOT NULL AS accepted, ${IS_ARMED} AS armed,
      (changed.due - now)::float8 AS "dueIn",
      CASE WHEN changed.id IS NULL THEN (SELECT fence FROM ${alarm} AS held WHERE held.id = asked.id) END::float8 AS held
    FROM asked LEFT JOIN changed USING (id), clock, jobs WHERE jobs.count >= 0`

  const pauses = `pauses AS (SELECT generation, scopes::json AS scopes FROM ${schema}._nolater_pauses)`
  const isPaused = (row: string): string => `EXISTS (
    SELECT FROM pauses, json_array_elements(pauses.scopes) AS scope
    WHERE CASE WHEN scope ->> 'key' IS NULL THEN starts_with(${row}.key, scope ->> 'prefix') ELSE ${row}.key = scope ->> 'key' END)`

  /**
   * Takes what is due for a lease: what was asked for, and up to $4 others. In the same commit their jobs are put to the end of the lease,
   * should the taker die. It waits for the rows that were asked for, and then for no others, so that there is no circle of waits. What is
   * paused is set aside, and has no job.
   */
  const take = `
    WITH ${CLOCK},
    ${pauses},
    asked AS (SELECT decode(id, 'hex') AS id, holder FROM unnest($1::text[], $2::uuid[]) AS asked (id, holder)),
    ${lock('asked')},
    others AS MATERIALIZED (
      SELECT row.* FROM ${alarm} AS row
      WHERE row.due <= (SELECT now FROM clock) AND row.aside IS NULL AND row.id NOT IN (SELECT id FROM seen) -- a join would sort all that is due
      ORDER BY row.due LIMIT $4 FOR UPDATE OF row SKIP LOCKED
    ),
    -- Materialized: where a row has changed since, Postgres looks at what it is joined with once more, and would read a union twice.
    found AS MATERIALIZED (SELECT * FROM seen UNION ALL SELECT * FROM others),
    paused AS (
      UPDATE ${alarm} AS row SET aside = generation FROM found AS due, clock, pauses
      WHERE row.id = due.id AND due.due <= now AND ${isPaused('due')}
      RETURNING row.id
    ),
    taken AS (
      UPDATE ${alarm} AS row
      SET holder = coalesce(asked.holder, $5), leased_until = now + $3, due = now + $3, begun = true, aside = NULL, changed_at = now
      FROM found AS due LEFT JOIN asked USING (id), clock
      WHERE row.id = due.id AND due.due <= now AND NOT ${isPaused('due')}
      RETURNING row.*, due.due AS was_due
    ),
    changed AS (
      SELECT id, due FROM taken
      UNION ALL
      SELECT id, NULL FROM paused
      UNION ALL
      -- It is leased, or was put off while its job was under way, which has then lost its own.
      SELECT id, due FROM seen WHERE due IS NOT NULL AND id NOT IN (SELECT id FROM taken UNION ALL SELECT id FROM paused)
    ),
    ${ARM(schema)}
    SELECT encode(id, 'hex') AS id, taken.id IS NOT NULL AS taken, ${IS_ARMED} AS armed,
      ${columnsOf('taken', 'was_due')}, greatest(now - taken.was_due, 0)::float8 AS late
    FROM changed LEFT JOIN taken USING (id), clock, jobs WHERE jobs.count >= 0`

  /** What was set aside in an earlier generation, some at a time: it has a job again, or is paused by another scope, too. */
  const restore = `
    WITH ${CLOCK},
    ${pauses},
    seen AS MATERIALIZED (
      SELECT row.* FROM ${alarm} AS row WHERE row.aside < (SELECT generation FROM pauses) LIMIT 1000 FOR UPDATE OF row SKIP LOCKED
    ),
    changed AS (
      UPDATE ${alarm} AS row SET aside = CASE WHEN ${isPaused('seen')} THEN generation END
      FROM seen, pauses WHERE row.id = seen.id RETURNING row.id, CASE WHEN row.aside IS NULL THEN row.due END AS due
    ),
    ${ARM(schema)}
    SELECT encode(id, 'hex') AS id, ${IS_ARMED} AS armed FROM changed, jobs WHERE jobs.count >= 0`

  /** Gives back all that a holder took without an answer to say what. */
  const giveBack = `
    WITH ${CLOCK},
    seen AS MATERIALIZED (SELECT id FROM ${alarm} WHERE holder = $1 ORDER BY id FOR UPDATE),
    changed AS (
      UPDATE ${alarm} AS row SET holder = NULL, leased_until = NULL,
        due = CASE WHEN time IS NOT NULL THEN greatest(CASE WHEN NOT begun THEN time END, now) END
      FROM seen, clock WHERE row.id = seen.id AND row.holder = $1 RETURNING row.*
    ),
    ${ARM(schema)}
    SELECT encode(id, 'hex') AS id, ${IS_ARMED} AS armed FROM changed, jobs WHERE jobs.count >= 0`

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
    ${lock('said')},
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
      FROM said JOIN seen USING (id), clock
      WHERE row.id = said.id AND row.holder = said.holder
      RETURNING row.*
    ),
    ${ARM(schema)},
    after AS (
      SELECT id, time, fence, set_by, done, due, holder, true AS entered FROM changed
      UNION ALL
      SELECT id, time, fence, set_by, done, due, holder, false FROM seen WHERE id NOT IN (SELECT id FROM changed)
    )
    SELECT encode(said.id, 'hex') AS id, coalesce(after.entered, false) AS entered, ${IS_ARMED} AS armed,
      after.time::float8, after.fence::float8, after.set_by::float8 AS "setBy", after.done::float8, after.due::float8,
      after.holder, (after.due - now)::float8 AS "dueIn"
    FROM said LEFT JOIN after USING (id) LEFT JOIN changed USING (id), clock, jobs WHERE jobs.count >= 0`

  /** Makes the jobs of these rows what the rows say. */
  const arm = `
    WITH asked AS (SELECT decode(id, 'hex') AS id FROM unnest($1::text[]) AS asked (id)),
    ${lock('asked')},
    changed AS (SELECT id, due FROM seen),
    ${ARM(schema)}
    SELECT encode(asked.id, 'hex') AS id, ${IS_ARMED} AS armed
    FROM asked LEFT JOIN changed USING (id), jobs WHERE jobs.count >= 0`

  /**
   * Begins those leases and back-offs again that say they began later than now: the clock of the database was set back. So none is longer
   * than it would have been from its beginning, and again from here on.
   */
  const bound = `
    WITH ${CLOCK},
    seen AS MATERIALIZED (
      SELECT row.* FROM clock, ${alarm} AS row
      WHERE row.due IS NOT NULL AND (row.begun OR row.leased_until IS NOT NULL) AND row.changed_at > now ORDER BY row.id LIMIT 1000 FOR UPDATE OF row
    ),
    changed AS (
      UPDATE ${alarm} AS row SET leased_until = row.leased_until + now - row.changed_at, changed_at = now,
        due = greatest(CASE WHEN NOT row.begun THEN row.time END, coalesce(row.leased_until, row.due) + now - row.changed_at)
      FROM seen, clock WHERE row.id = seen.id RETURNING row.id, row.due
    ),
    ${ARM(schema)}
    SELECT encode(id, 'hex') AS id, ${IS_ARMED} AS armed FROM changed, jobs WHERE jobs.count >= 0`

  /** ms until the next alarm that is not due yet. */
  const next = `
    WITH ${CLOCK}
    SELECT ((SELECT due FROM ${alarm} WHERE due > now AND aside IS NULL ORDER BY due LIMIT 1) - now)::float8 AS "dueIn" FROM clock`

  /** Rows that are overdue by $1 ms without a job that any worker could take: the process that took it died before it could say so. */
  const stuck = `
    WITH ${CLOCK}
    SELECT encode(overdue.id, 'hex') AS id
    FROM clock, LATERAL (SELECT id FROM ${alarm} WHERE due < now - $1 AND aside IS NULL ORDER BY due LIMIT 1000) AS overdue
    WHERE NOT EXISTS (
      SELECT FROM ${schema}.jobs AS job
      WHERE job.key = ${jobOf('overdue')} AND job.locked_at IS NULL AND job.attempts < job.max_attempts)`

  /** Forgets removals older than $1 ms, some at a time. */
  const forget = `
    WITH ${CLOCK}
    DELETE FROM ${alarm} WHERE id IN (
      SELECT id FROM clock, LATERAL (
        SELECT id FROM ${alarm} WHERE time IS NULL AND changed_at < now - $1 ORDER BY changed_at LIMIT 1000 FOR UPDATE SKIP LOCKED) AS old)`

  /** Removes the jobs of dead workers, which graphile-worker unlocks after 4 hours and then keeps. Their alarms have other jobs by now. */
  const deleteDeadJobs = `
    SELECT count(*) FROM ${schema}.complete_jobs(ARRAY(
      SELECT id FROM ${schema}.jobs
      WHERE task_identifier = '${TASK}' AND key IS NULL
        AND (locked_at < now() - interval '4 hours' OR locked_at IS NULL AND attempts >= max_attempts)
      LIMIT 1000))`

  const get = `SELECT time::float8 FROM ${alarm} WHERE id = decode($1, 'hex')`

  const read = `SELECT ${columnsOf('row', 'due')} FROM ${alarm} AS row WHERE id = decode($1, 'hex')`

  /** Those after ($1, $2) and before $3, at most $4: those that wait, those that have failed, or both. */
  const part = (at: string, which: string): string => `(
    SELECT *, ${at} AS at FROM ${alarm}
    WHERE ${which} AND (${at}, id) > ($1::bigint, decode($2, 'hex')) AND ${at} < $3::bigint ORDER BY ${at}, id LIMIT $4)`
  const waiting = `${part('due', 'due IS NOT NULL AND aside IS NULL')} UNION ALL ${part('due', 'aside IS NOT NULL')}`
  const failed = part('time', 'due IS NULL AND time IS NOT NULL')
  const page = (wanted: boolean | null): string => `
    SELECT ${columnsOf('row', 'due')}
    FROM (${wanted === null ? `${waiting} UNION ALL ${failed}` : wanted ? failed : waiting}) AS row ORDER BY at, id LIMIT $4`

  /** Changes the alarm of $1, if it has failed and, where one is asked for, has the fence $2. */
  const revive = (changes: string): string => `
    WITH ${CLOCK},
    asked AS (SELECT decode($1, 'hex') AS id),
    ${lock('asked')},
    changed AS (
      UPDATE ${alarm} AS row SET counted = 0, uncounted = 0, changed_at = now, ${changes}
      FROM seen, clock
      WHERE row.id = seen.id AND row.time IS NOT NULL AND row.due IS NULL AND row.fence = coalesce($2, row.fence)
      RETURNING row.id, row.due
    ),
    ${ARM(schema)}
    SELECT encode(id, 'hex') AS id, ${IS_ARMED} AS armed, (due - now)::float8 AS "dueIn" FROM changed, clock, jobs WHERE jobs.count >= 0`
  const retry = revive('due = now')
  const reschedule = revive('due = greatest($3::bigint, row.time), begun = false')
  const discard = revive('time = NULL, done = row.time, last_error = NULL')

  return {
    restore,
    reschedule,
    write,
    take,
    giveBack,
    answer,
    arm,
    next,
    stuck,
    forget,
    deleteDeadJobs,
    get,
    read,
    page,
    retry,
    discard,
    bound,
  }
}
