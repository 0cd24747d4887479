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
    PRIMARY KEY (key, number)  -- of two owners that both commit, one would have to leave one out
  )`

export const SCHEMA = 'fleet'

/** Milliseconds of the clock of the database. */
const NOW = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint'

/** One more change of an actor. */
export const COUNT = `
  INSERT INTO version (key, number, process)
  SELECT $1, coalesce(max(number), 0) + 1, $2 FROM version WHERE key = $1`

export const WISH = `INSERT INTO wish (key, due) VALUES ($1, ${NOW} + $2) RETURNING id`

export const FULFIL = `UPDATE wish SET done_at = ${NOW} WHERE key = $1 AND done_at IS NULL AND due <= ${NOW}`

export const NEXT = `SELECT min(due)::float8 AS next FROM wish WHERE key = $1 AND done_at IS NULL`

/** In one look: actors whose alarm is later than what they wish, or is not there. */
export const LATER = `
  SELECT open.key, open.due::float8, alarm.time::float8
  FROM (SELECT key, min(due) AS due FROM wish WHERE done_at IS NULL GROUP BY key) AS open
  LEFT JOIN ${SCHEMA}._nolater_alarm AS alarm ON alarm.key = open.key
  WHERE alarm.time IS NULL OR alarm.time > open.due`

export const EARLY = `SELECT id, key FROM wish WHERE done_at < due`

/** Numbers that are missing between an actor's versions. */
export const GAPS = `SELECT key FROM version GROUP BY key HAVING max(number) <> count(*)`

export const OPEN = `SELECT id, key, due::float8 FROM wish WHERE done_at IS NULL AND due < ${NOW} - $1`

export const LATENESS = `
  SELECT count(*)::integer AS done, coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY done_at - due), 0)::integer AS p50,
    coalesce(percentile_disc(0.99) WITHIN GROUP (ORDER BY done_at - due), 0)::integer AS p99, coalesce(max(done_at - due), 0)::integer AS max
  FROM wish WHERE done_at IS NOT NULL`
