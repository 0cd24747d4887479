import type { KeyedCommit } from '../../fleet/fleet-config.ts'
import { fenceOf } from '../../vocabulary/fence.ts'
import type { AlarmTime } from '../../vocabulary/time.ts'
import { idOf, toText } from '../alarm-key.ts'
import { CLOCK } from '../statements.ts'
import type { OwnedShard } from './shard-table.ts'

/** What runs a statement: a pool, or the connection of a transaction. */
export type Ask = <Row>(text: string, values: readonly unknown[]) => Promise<readonly Row[]>

/** An alarm that is to be committed. */
export interface RowCommit extends Pick<KeyedCommit, 'key' | 'time'> {
  readonly shard: OwnedShard
  /** the alarm is a new one, though its time may be the same */
  readonly isNew: boolean
  /** which of the alarms of its shard it is, counted by the process that owns it */
  readonly count: number
}

/** What became of it. */
export interface RowCommitted {
  /** false where the shard is another process's, or was */
  readonly isOwn: boolean
  /** ms until it is due; `null`: never, or as before */
  readonly dueIn: number | null
}

/**
 * The rows of a fleet. An actor's alarm is where its state is, in the row that is delivered from: the two are one, and no move has to come
 * before a commit, or after it.
 */
export interface FleetRows {
  load(keys: readonly string[]): Promise<readonly AlarmTime[]>
  /** Locks the shards that are still owned, until the transaction ends: none of them changes its owner before that. */
  lock(ask: Ask, shards: readonly OwnedShard[]): Promise<ReadonlySet<number>>
  /** Each in a shard that is owned, in one statement; the others are left as they are. */
  commit(ask: Ask, commits: readonly RowCommit[]): Promise<readonly RowCommitted[]>
  /** Ends the leases that processes have had in these shards, which are dead. */
  free(processes: readonly string[], shards: readonly number[]): Promise<void>
}

export function fleetRows(schema: string, ofRow: string, query: Ask, owner: () => string): FleetRows {
  const alarm = `${schema}._nolater_alarm`
  const shard = `${schema}._nolater_shard`
  const load = `SELECT encode(id, 'hex') AS id, time::float8 FROM ${alarm} WHERE id = ANY (ARRAY(SELECT decode(asked, 'hex') FROM unnest($1::text[]) AS asked))`
  const own = (process: string, ids: string, epochs: string): string => `
    SELECT row.id, row.epoch FROM ${shard} AS row, unnest(${ids}::integer[], ${epochs}::integer[]) AS asked (id, epoch)
    WHERE row.owner = ${process} AND row.id = asked.id AND row.epoch = asked.epoch FOR SHARE OF row`
  const commit = `
    WITH ${CLOCK},
    own AS MATERIALIZED (${own('$1', '$2', '$3')}),
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
        fence = greatest(held.fence + 1, excluded.fence),
        set_by = greatest(held.fence + 1, excluded.fence),
        again = false,
        done = CASE WHEN excluded.time IS NULL THEN held.time END,
        -- One delivery per key: the new alarm waits for the answer, or for the end of the lease.
        due = CASE WHEN excluded.time IS NOT NULL THEN greatest(excluded.time, held.leased_until) END,
        counted = 0, uncounted = 0, last_error = NULL, begun = false, aside = NULL, changed_at = excluded.changed_at
      WHERE held.time IS DISTINCT FROM excluded.time OR excluded.again
      RETURNING id, due
    )
    SELECT id AS shard, NULL AS id, NULL AS "dueIn" FROM own
    UNION ALL SELECT NULL, encode(id, 'hex'), (due - now)::float8 FROM changed, clock`
  const free = `
    WITH ${CLOCK},
    ended AS MATERIALIZED (
      SELECT row.id FROM unnest($1::text[]) AS dead (process), ${alarm} AS row
      WHERE row.holder BETWEEN (dead.process || '000000000000')::uuid AND (dead.process || 'ffffffffffff')::uuid
      ORDER BY row.id FOR UPDATE OF row
    )
    UPDATE ${alarm} AS row SET holder = NULL, leased_until = NULL, changed_at = now,
      due = CASE WHEN time IS NOT NULL THEN greatest(CASE WHEN NOT begun THEN time END, now) END
    FROM clock WHERE row.id IN (SELECT id FROM ended) AND ${ofRow} = ANY ($2::integer[])`

  return {
    async load(keys) {
      const rows = await query<{ id: string; time: AlarmTime }>(load, [keys.map(idOf)])
      const times = new Map(rows.map(({ id, time }) => [id, time]))
      return keys.map((key) => times.get(idOf(key)) ?? null)
    },
    async lock(ask, shards) {
      const text = own('$1', '$2', '$3')
      const rows = await ask<OwnedShard>(text, [owner(), ids(shards), epochs(shards)])
      return new Set(rows.map(({ id }) => id))
    },
    async commit(ask, commits) {
      const shards = [...new Map(commits.map(({ shard }) => [shard.id, shard])).values()]
      const keys = commits.map(({ key }) => idOf(key))
      const rows = await ask<Committed>(commit, [
        owner(),
        ids(shards),
        epochs(shards),
        keys,
        commits.map(({ key }) => toText(key)),
        commits.map(({ time }) => time),
        commits.map(({ isNew }) => isNew),
        commits.map(({ shard, count }) => fenceOf(shard.epoch, 0) + count),
        commits.map(({ shard }) => shard.id),
      ])
      const isOwn = new Set(rows.map((row) => row.shard))
      const dueIn = new Map(rows.map((row) => [row.id, row.dueIn]))
      return commits.map(({ shard }, i) => ({
        isOwn: isOwn.has(shard.id),
        dueIn: dueIn.get(keys[i] as string) ?? null,
      }))
    },
    async free(processes, shards) {
      await query(free, [processes.map((id) => id.slice(0, OWN)), shards])
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
