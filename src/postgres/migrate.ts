import type { PoolClient } from 'pg'
import { ofTheFormerSplit } from '../vocabulary/fence.ts'
import { timelineOf } from './replication.ts'

/** The version of the tables below. A later one adds a step for each version before it, and ends the processes of those. */
export const VERSION = 6

/** What a schema holds. */
export interface TablesVersion {
  /** 0: none of ours */
  readonly version: number
  readonly additions: number
}

const STEPS: readonly ((schema: string) => string)[] = [
  (schema) => `
    CREATE TABLE ${schema}._nolater_alarm (
      id bytea PRIMARY KEY,     -- SHA-256 of the key
      key text NOT NULL,        -- the actor; a backslash is doubled, U+0000 is \\0
      time bigint,              -- the alarm, ms since the epoch; null: none
      fence bigint NOT NULL,    -- of the last write
      set_by bigint NOT NULL,   -- the fence of the write that set this alarm
      again boolean NOT NULL,   -- the last write set the same alarm once more
      done bigint,              -- the alarm that was delivered and removed under this fence
      due bigint,               -- when to look at it next, as its job has it; null: never, as there is no alarm, or it has failed
      counted integer NOT NULL,
      uncounted integer NOT NULL,
      leased_until bigint,
      holder uuid,
      changed_at bigint NOT NULL
    );
    CREATE INDEX _nolater_alarm_due ON ${schema}._nolater_alarm (due) WHERE due IS NOT NULL;
    CREATE INDEX _nolater_alarm_removed ON ${schema}._nolater_alarm (changed_at) WHERE due IS NULL;
    CREATE INDEX _nolater_alarm_holder ON ${schema}._nolater_alarm (holder) WHERE holder IS NOT NULL;
    CREATE TABLE ${schema}._nolater_actor (
      id bytea PRIMARY KEY,     -- SHA-256 of the key
      key text NOT NULL,
      epoch integer NOT NULL,   -- of the last opening
      alarm bigint              -- ms since the epoch; null: none
    );`,
  // Alarms that have failed are kept: what is not due is no removal any more.
  (schema) => `
    ALTER TABLE ${schema}._nolater_alarm
      ADD COLUMN last_error text, -- JSON
      ADD COLUMN begun boolean NOT NULL DEFAULT false; -- it was delivered: what it waits for is no time of the clock
    UPDATE ${schema}._nolater_alarm SET begun = true WHERE leased_until IS NOT NULL OR due > time OR counted + uncounted > 0;
    DROP INDEX ${schema}._nolater_alarm_removed;
    CREATE INDEX _nolater_alarm_removed ON ${schema}._nolater_alarm (changed_at) WHERE time IS NULL;
    CREATE INDEX _nolater_alarm_failed ON ${schema}._nolater_alarm (time, id) WHERE due IS NULL AND time IS NOT NULL;
    CREATE INDEX _nolater_alarm_waiting ON ${schema}._nolater_alarm (changed_at)
      WHERE due IS NOT NULL AND (begun OR leased_until IS NOT NULL);
    DROP INDEX ${schema}._nolater_alarm_due;
    CREATE INDEX _nolater_alarm_due ON ${schema}._nolater_alarm (due, id) WHERE due IS NOT NULL;`,
  // The epoch of an actor's fences, above that of its opening, where the manager held a higher one; 0: not raised.
  (schema) => `ALTER TABLE ${schema}._nolater_actor ADD COLUMN raised integer NOT NULL DEFAULT 0;`,
  // Epochs have more bits, and writes fewer.
  (schema) =>
    `UPDATE ${schema}._nolater_actor SET raised = 0, epoch = ${ofTheFormerSplit('greatest(epoch, raised)::bigint', 'least')};`,
  // The highest epoch of those actors that were forgotten: all that are new begin above it.
  (schema) => `ALTER TABLE ${schema}._nolater_version ADD COLUMN forgotten integer NOT NULL DEFAULT 0;`,
  // What is paused, and which processes deliver.
  (schema) => `
    ALTER TABLE ${schema}._nolater_alarm
      ADD COLUMN aside integer; -- the generation of pauses in which it was due; null: it was not paused by then
    DROP INDEX ${schema}._nolater_alarm_due;
    CREATE INDEX _nolater_alarm_due ON ${schema}._nolater_alarm (due, id) WHERE due IS NOT NULL AND aside IS NULL;
    CREATE INDEX _nolater_alarm_aside ON ${schema}._nolater_alarm (aside) WHERE aside IS NOT NULL;
    CREATE INDEX _nolater_alarm_aside_due ON ${schema}._nolater_alarm (due, id) WHERE aside IS NOT NULL;
    CREATE TABLE ${schema}._nolater_pauses (generation integer NOT NULL, scopes text NOT NULL); -- JSON, keys as in an alarm
    INSERT INTO ${schema}._nolater_pauses VALUES (0, '[]');
    CREATE TABLE ${schema}._nolater_deliverer (
      holder uuid PRIMARY KEY,  -- those of its leases begin like it
      process text NOT NULL,
      since bigint NOT NULL,
      seen bigint NOT NULL,     -- when it reported last, ms since the epoch
      minute text NOT NULL      -- what it did in the minute before that, JSON
    );`,
]

/** What processes of before can live with: they may go on, and be started, beside those that know it. */
const ADDITIONS: readonly ((schema: string, timeline: number) => string)[] = [
  // A standby that is promoted has lost the newest openings: an epoch alone does not tell two of them apart.
  (schema, timeline) => `
    ALTER TABLE ${schema}._nolater_actor
      ADD COLUMN opening uuid,  -- that of the epoch
      ADD COLUMN timeline integer NOT NULL DEFAULT ${timeline}; -- of the server at that opening
    ALTER TABLE ${schema}._nolater_version
      ADD COLUMN timeline integer NOT NULL DEFAULT ${timeline}, -- of the server when forgotten was raised last
      ADD COLUMN additions integer NOT NULL DEFAULT 0;`,
  // Which process of a fleet owns which actors.
  (schema, timeline) => `
    CREATE TABLE ${schema}._nolater_process (
      id uuid PRIMARY KEY,      -- a process, or a life of it
      address text,             -- where it is reached
      lease integer NOT NULL,   -- ms
      seen bigint NOT NULL      -- it is dead when that is a lease ago
    );
    CREATE TABLE ${schema}._nolater_shard (
      id integer PRIMARY KEY,   -- by the hash of the key
      owner uuid,               -- null, or one that is no process: free
      epoch integer NOT NULL DEFAULT 0, -- of the last change of its owner
      timeline integer NOT NULL DEFAULT ${timeline} -- of the server at that
    );
    CREATE TABLE ${schema}._nolater_request (
      id text PRIMARY KEY,      -- of a change that is done once, however often it is asked for
      result text,              -- JSON
      at bigint NOT NULL
    );
    CREATE INDEX _nolater_request_at ON ${schema}._nolater_request (at);`,
  // Named timers, by the thousand for an actor.
  (schema) => `
    CREATE TABLE ${schema}._nolater_timer (
      actor bytea NOT NULL,     -- SHA-256 of its key
      name text COLLATE "C" NOT NULL, -- a backslash is doubled, U+0000 is \\0
      time bigint NOT NULL,     -- what it was set to, ms since the epoch
      due bigint,               -- when it is handled next; null: it has failed, or is paused
      serial bigint NOT NULL,   -- which set of the actor's it was
      counted integer NOT NULL,
      uncounted integer NOT NULL,
      payload text,             -- JSON, as are these
      last_error text,
      series text,
      PRIMARY KEY (actor, name)
    );
    CREATE INDEX _nolater_timer_due ON ${schema}._nolater_timer (actor, due, serial) WHERE due IS NOT NULL;
    CREATE INDEX _nolater_timer_failing ON ${schema}._nolater_timer (actor, due)
      WHERE due IS NOT NULL AND counted + uncounted > 0;
    CREATE TABLE ${schema}._nolater_timer_sets (
      actor bytea PRIMARY KEY,
      sets bigint NOT NULL      -- so far: what is gone is not counted again
    );`,
]

/** The tables of this library, as a message has them. */
export const KNOWN = `${VERSION}.${ADDITIONS.length}`

/** Whether nothing is left to be done. */
export const isUpToDate = ({ version, additions }: TablesVersion): boolean =>
  version > VERSION || (version === VERSION && additions >= ADDITIONS.length)

/** What the tables of a schema are. */
export async function versionOf(client: Pick<PoolClient, 'query'>, schema: string): Promise<TablesVersion> {
  const none: TablesVersion = { version: 0, additions: 0 }
  const table = `${schema}._nolater_version`
  const found = await client.query('SELECT to_regclass($1) IS NOT NULL AS found', [table])
  if (!found.rows[0].found) return none
  const { rows } = await client.query<Partial<TablesVersion>>(`SELECT * FROM ${table}`) // it may have columns to come
  return { ...none, ...rows[0] }
}

/** Brings the tables to this version. However many processes do it at once, each step is done once: the others wait. */
export async function migrate(client: PoolClient, schema: string): Promise<void> {
  const timeline = await timelineOf((text) => client.query(text))
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED')
  try {
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`nolater ${schema}`])
    // To ask for a schema that is there needs a right that its owner may not have.
    const { rows } = await client.query('SELECT to_regnamespace($1) IS NULL AS missing', [schema])
    if (rows[0].missing) await client.query(`CREATE SCHEMA ${schema}`)
    await client.query(`CREATE TABLE IF NOT EXISTS ${schema}._nolater_version (version integer NOT NULL)`)
    const from = await versionOf(client, schema)
    const [{ number }] = (await client.query(`SELECT ${timeline} AS number`)).rows
    for (const step of STEPS.slice(from.version)) await client.query(step(schema))
    for (const step of ADDITIONS.slice(from.additions)) await client.query(step(schema, number))
    const versions = `${schema}._nolater_version`
    if (from.version === 0) await client.query(`INSERT INTO ${versions} (version) VALUES (${VERSION})`)
    if (!isUpToDate(from))
      await client.query(`UPDATE ${versions} SET version = ${VERSION}, additions = ${ADDITIONS.length}`)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}
