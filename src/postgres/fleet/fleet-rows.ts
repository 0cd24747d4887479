import { SEQUENCES } from '../../vocabulary/fence.ts'
import type { AlarmTime } from '../../vocabulary/time.ts'
import { idOf, toText } from '../alarm-key.ts'
import { CLOCK } from '../statements.ts'
import type { RowAlarm } from './row-alarm.ts'
import type { OwnedShard } from './shard-table.ts'

/** What runs a statement: a pool, or the connection of a transaction. */
export type Ask = <Row>(text: string, values: readonly unknown[]) => Promise<readonly Row[]>

/** Shards, as a process owns them. */
export interface Owned {
  readonly process: string
  readonly shards: readonly OwnedShard[]
}

/** An alarm that is to be committed. */
export interface RowCommit extends RowAlarm {
  readonly key: string
  readonly shard: number
}

/** What became of it. */
export interface RowCommitted {
  /** false where the shard is another process's, or was, or has another epoch: nothing is changed */
  readonly isOwn: boolean
  /** ms until it is due; `null`: never, or as before */
  readonly dueIn: number | null
}

/** What a row holds, and an epoch whose fences are all above its own. */
interface LoadedRow {
  readonly time: AlarmTime
  readonly epoch: number
}

/**
 * The rows of a fleet. An actor's alarm is where its state is, in the row that is delivered from: the two are one, and no move has to come
 * before a commit, or after it.
 */
export interface FleetRows {
  load(keys: readonly string[]): Promise<readonly LoadedRow[]>
  /** Locks the shards that are still owned, until the transaction ends: none of them changes its owner before that. */
  lock(ask: Ask, owned: Owned): Promise<ReadonlySet<number>>
  /** Each in a shard that is owned, in one statement; the others are left as they are. */
  commit(ask: Ask, owned: Owned, commits: readonly RowCommit[]): Promise<readonly RowCommitted[]>
  /** Ends the leases of others in these shards, which are dead, or have given them back. */
  free(process: string, shards: readonly number[]): Promise<void>
  /** ms since the oldest alarm in these shards was due that is not being delivered; `null`: none is. */
  overdue(shards: readonly number[]): Promise<number | null>
}

/**
 * Whether an alarm's row is in one of the shards $5 that process $4 owns.
 *
 * A CASE: for a join, or for a condition of which it guesses how many rows it leaves, the server would read all that wait.
 */
export const ownedAlarm = (schema: string, ofRow: string): string => `
  CASE WHEN ${ofRow} = ANY ($5::integer[])
    THEN (SELECT shard.owner = $4 FROM ${schema}._nolater_shard AS shard WHERE shard.id = ${ofRow}) ELSE false END`

export function fleetRows(schema: string, ofRow: string, query: Ask): FleetRows {
  const alarm = `${schema}._nolater_alarm`
  const shard = `${schema}._nolater_shard`
  const load = `
    SELECT encode(id, 'hex') AS id, time::float8, fence::float8 FROM ${alarm}
    WHERE id = ANY (ARRAY(SELECT decode(asked, 'hex') FROM unnest($1::text[]) AS asked))`
  const own = `
    SELECT row.id FROM ${shard} AS row, unnest($2::integer[], $3::integer[]) AS asked (id, epoch)
    WHERE row.owner = $1 AND row.id = asked.id AND row.epoch = asked.epoch FOR SHARE OF row`
  const commit = `
    WITH ${CLOCK},
    own AS MATERIALIZED (${own}),
    asked AS (
      SELECT decode(id, 'hex') AS id, key, time, again, fence
      FROM unnest($4::text[], $5::text[], $6::bigint[], $7::boolean[], $8::bigint[], $9::integer[]) AS asked (id, key, time, again, fence, shard)
      WHERE shard IN (SELECT id FROM own)
    ),
    changed AS (
      INSERT INTO ${alarm} AS held (id, key, time, fence, set_by, again, done, due, counted, uncounted, changed_at)
      SELECT id, key, time, fence, fence, again, NULL, time, 0, 0, now FROM asked, clock
      WHERE time IS NOT NULL OR EXISTS (SELECT FROM ${alarm} AS known WHERE known.id = asked.id) ORDER BY id
      ON CONFLICT (id) DO UPDATE SET
        time = excluded.time,
        fence = excluded.fence,
        set_by = excluded.fence,
        again = false,
        done = CASE WHEN excluded.time IS NULL THEN held.time END,
        -- One delivery per key: the new alarm waits for the answer, or for the end of the lease.
        due = CASE WHEN excluded.time IS NOT NULL THEN greatest(excluded.time, held.leased_until) END,
        counted = 0, uncounted = 0, last_error = NULL, begun = false, aside = NULL, changed_at = excluded.changed_at
      WHERE held.time IS DISTINCT FROM excluded.time OR excluded.again AND excluded.fence > held.fence
      RETURNING id, due
    )
    SELECT id AS shard, NULL AS id, NULL AS "dueIn" FROM own
    UNION ALL SELECT NULL, encode(id, 'hex'), (due - now)::float8 FROM changed, clock`
  const free = `
    WITH ${CLOCK},
    ended AS MATERIALIZED (
      SELECT id FROM ${alarm} WHERE holder IS NOT NULL AND ${ofRow} = ANY ($2::integer[])
        AND NOT holder BETWEEN ($1 || '000000000000')::uuid AND ($1 || 'ffffffffffff')::uuid
      ORDER BY id FOR UPDATE
    )
    UPDATE ${alarm} AS row SET holder = NULL, leased_until = NULL, changed_at = now,
      due = CASE WHEN time IS NOT NULL THEN greatest(CASE WHEN NOT begun THEN time END, now) END
    FROM clock WHERE row.id IN (SELECT id FROM ended)`
  const overdue = `
    WITH ${CLOCK}
    SELECT (now - due)::float8 AS ms FROM clock, LATERAL (
      SELECT due FROM ${alarm} WHERE due <= now AND aside IS NULL AND ${ofRow} = ANY ($1::integer[]) ORDER BY due LIMIT 1) AS oldest`

  return {
    async load(keys) {
      const rows = await query<{ id: string; time: AlarmTime; fence: number }>(load, [keys.map(idOf)])
      const found = new Map(rows.map((row) => [row.id, row]))
      return keys.map((key) => {
        const { time = null, fence = 0 } = found.get(idOf(key)) ?? {}
        return { time, epoch: Math.floor(fence / SEQUENCES) + 1 }
      })
    },
    async lock(ask, { process, shards }) {
      const rows = await ask<OwnedShard>(own, [process, ids(shards), epochs(shards)])
      return new Set(rows.map(({ id }) => id))
    },
    async commit(ask, { process, shards }, commits) {
      const keys = commits.map(({ key }) => idOf(key))
      const rows = await ask<Committed>(commit, [
        process,
        ids(shards),
        epochs(shards),
        keys,
        commits.map(({ key }) => toText(key)),
        commits.map(({ time }) => time),
        commits.map(({ isNew }) => isNew),
        commits.map(({ fence }) => fence),
        commits.map(({ shard }) => shard),
      ])
      const isOwn = new Set(rows.map((row) => row.shard))
      const dueIn = new Map(rows.map((row) => [row.id, row.dueIn]))
      return commits.map(({ shard }, i) => ({
        isOwn: isOwn.has(shard),
        dueIn: dueIn.get(keys[i] as string) ?? null,
      }))
    },
    async free(process, shards) {
      await query(free, [process.slice(0, OWN), shards])
    },
    async overdue(shards) {
      return (await query<{ ms: number }>(overdue, [shards]))[0]?.ms ?? null
    },
  }
}

const OWN = 24 // letters of a process's id, which are those of its leases

interface Committed {
  readonly shard: number | null
  readonly id: string | null
  readonly dueIn: number | null
}

const ids = (shards: readonly OwnedShard[]): number[] => shards.map(({ id }) => id)
const epochs = (shards: readonly OwnedShard[]): number[] => shards.map(({ epoch }) => epoch)
