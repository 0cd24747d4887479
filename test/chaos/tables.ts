import type { AlarmTime } from 'nolater'
import type { ClientBase } from 'pg'
import type { JournalLine } from '../crash/journal.ts'
import { quoted } from '../postgres/rig.ts'
import type { Server } from '../postgres/server.ts'
import type { Plan } from './plan.ts'

/** A line of the journal of all actors, and when it was committed, by the server's own account. */
export interface ChaosLine extends JournalLine {
  readonly key: string
  readonly committed: number
}

/** What a manager's row came to be, written by a trigger in the transaction that changed it. */
export interface RowChange {
  readonly at: number
  readonly key: string
  readonly time: AlarmTime
  readonly due: AlarmTime
  readonly fence: number
  readonly failures: number
  readonly holder: string | null
  readonly leasedUntil: number | null
}

const journalOf = (schema: string): string => `${quoted(schema)}.chaos_journal`
const historyOf = (schema: string): string => `${quoted(schema)}.chaos_history`

/** Beside the tables of nolater, which must be there. */
export async function makeTables({ query }: Server, schema: string): Promise<void> {
  const history = historyOf(schema)
  const tell = `${quoted(schema)}.chaos_tell`
  await query(`
    CREATE TABLE ${journalOf(schema)} (seq bigserial PRIMARY KEY, key text NOT NULL, real bigint NOT NULL, kind text NOT NULL,
      time bigint, stands bigint, op text, epoch integer NOT NULL);
    CREATE INDEX ON ${journalOf(schema)} (key, seq);
    CREATE TABLE ${history} (seq bigserial PRIMARY KEY, at bigint NOT NULL, key text NOT NULL, time bigint, due bigint,
      fence bigint NOT NULL, failures integer NOT NULL, holder uuid, leased_until bigint);
    CREATE FUNCTION ${tell}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO ${history} (at, key, time, due, fence, failures, holder, leased_until)
      VALUES (floor(extract(epoch FROM clock_timestamp()) * 1000), new.key, new.time, new.due, new.fence, new.counted + new.uncounted,
        new.holder, new.leased_until);
      RETURN NULL;
    END $$;
    CREATE TRIGGER chaos AFTER INSERT OR UPDATE ON ${quoted(schema)}._nolater_alarm FOR EACH ROW EXECUTE FUNCTION ${tell}();`)
}

/** The server keeps the moment of every commit, so that nobody has to guess from when on an alarm was owed. */
export async function keepCommitTimes(server: Server): Promise<void> {
  const [{ track_commit_timestamp: kept } = {}] = await server.query('SHOW track_commit_timestamp')
  if (kept === 'on') return
  await server.query('ALTER SYSTEM SET track_commit_timestamp = on')
  await server.crash()
  await server.start()
}

type Noted = Omit<ChaosLine, 'seq' | 'shown' | 'committed'>

/** Adds a line in the transaction of what it tells of. */
export async function note(client: ClientBase, schema: string, line: Noted): Promise<void> {
  const { key, real, kind, time, stands, op, epoch } = line
  await client.query(
    `INSERT INTO ${journalOf(schema)} (key, real, kind, time, stands, op, epoch) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [key, real, kind, time, stands, op, epoch],
  )
}

/** The alarm of the last intent, and whether a handler has begun for it. */
export async function standing(
  client: ClientBase,
  schema: string,
  key: string,
): Promise<{ time: AlarmTime; hasBegun: boolean }> {
  const { rows } = await client.query(
    `SELECT last.time::float8, EXISTS (
       SELECT FROM ${journalOf(schema)} WHERE key = $1 AND seq > last.seq AND kind = 'began' AND time = last.time) AS "hasBegun"
     FROM ${journalOf(schema)} AS last WHERE key = $1 AND kind IN ('set', 'delete') ORDER BY seq DESC LIMIT 1`,
    [key],
  )
  return rows[0] ?? { time: null, hasBegun: false }
}

export function readJournal({ query }: Server, { schema }: Plan): Promise<ChaosLine[]> {
  return query<ChaosLine>(
    `SELECT seq::float8, key, real::float8, real::float8 AS shown, kind, time::float8, stands::float8, op, epoch,
       floor(extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000)::float8 AS committed
     FROM ${journalOf(schema)} ORDER BY seq`,
  )
}

export function readHistory({ query }: Server, { schema }: Plan): Promise<RowChange[]> {
  return query<RowChange>(
    `SELECT at::float8, key, time::float8, due::float8, fence::float8, failures, holder, leased_until::float8 AS "leasedUntil"
     FROM ${historyOf(schema)} ORDER BY seq`,
  )
}
