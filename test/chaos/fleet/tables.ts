/** What the processes of a campaign write down, each in the transaction of its change. */
export const TABLES = `
  CREATE TABLE wish (
    id bigserial PRIMARY KEY,
    key text NOT NULL,
    due bigint NOT NULL,
    done_at bigint             -- by the clock of the database
  );
  CREATE INDEX wish_open ON wish (key, due) WHERE done_at IS NULL;
  CREATE TABLE version (
    key text NOT NULL,
    number integer NOT NULL,
    process text NOT NULL,
    epoch integer NOT NULL,    -- of the actor's shard
    PRIMARY KEY (key, number)  -- of two owners that both commit, one would have to leave one out
  );
  CREATE TABLE early (key text NOT NULL, time bigint NOT NULL)`

export const SCHEMA = 'fleet'
export const SHARDS = 64

/** Milliseconds of the clock of the database. */
export const NOW = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint'

/** One more change of an actor, whose shard is the third. */
export const COUNT = `
  INSERT INTO version (key, number, process, epoch)
  SELECT $1, coalesce(max(number), 0) + 1, $2, (SELECT epoch FROM ${SCHEMA}._nolater_shard WHERE id = $3) FROM version WHERE key = $1`

export const WISH = `INSERT INTO wish (key, due) VALUES ($1, ${NOW} + $2) RETURNING id`

export const FULFIL = `UPDATE wish SET done_at = ${NOW} WHERE key = $1 AND done_at IS NULL AND due <= ${NOW}`

export const NEXT = `SELECT min(due)::float8 AS next FROM wish WHERE key = $1 AND done_at IS NULL`

/** An alarm that is delivered before its time. */
export const EARLY = `INSERT INTO early SELECT $1, $2 WHERE $2::bigint > ${NOW}`

/** In one look: actors whose alarm is later than what they wish, or is not there. */
export const LATER = `
  SELECT open.key, open.due::float8, alarm.time::float8
  FROM (SELECT key, min(due) AS due FROM wish WHERE done_at IS NULL GROUP BY key) AS open
  LEFT JOIN ${SCHEMA}._nolater_alarm AS alarm ON alarm.key = open.key
  WHERE alarm.time IS NULL OR alarm.time > open.due`

export const EARLY_ONES = 'SELECT key, time FROM early'

/** Numbers that are missing between an actor's versions. */
export const GAPS = `SELECT key FROM version GROUP BY key HAVING max(number) <> count(*)`

/** Two processes that have committed as the owner of a shard under one epoch of it. */
export const TWO_OWNERS = `
  SELECT key, epoch, string_agg(DISTINCT process, ', ') AS processes FROM version
  GROUP BY key, epoch HAVING count(DISTINCT process) > 1`

/** What should have been done, and how the row of its alarm stands. */
export const OPEN = `
  SELECT wish.id, wish.key, wish.due::float8, row_to_json(alarm) AS alarm
  FROM wish LEFT JOIN ${SCHEMA}._nolater_alarm AS alarm ON alarm.key = wish.key
  WHERE done_at IS NULL AND wish.due < ${NOW} - $1`

/** How many are there of those that a manager has written. */
export const LOADED = `SELECT count(*)::integer AS count FROM ${SCHEMA}._nolater_alarm WHERE key LIKE 'load %'`

/** Of wishes that were due between two times. */
export const LATENESS = `
  SELECT count(*)::integer AS done, coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY done_at - due), 0)::integer AS p50,
    coalesce(percentile_disc(0.99) WITHIN GROUP (ORDER BY done_at - due), 0)::integer AS p99, coalesce(max(done_at - due), 0)::integer AS max
  FROM wish, unnest($1::bigint[], $2::bigint[]) AS span (begins, ends) WHERE done_at IS NOT NULL AND due >= begins AND due < ends`
