import { configError } from '../../vocabulary/error-of.ts'
import type { Database } from '../database.ts'
import { CLOCK } from '../statements.ts'

/** A shard that this process owns. */
export interface OwnedShard {
  readonly id: number
  /** raised each time that it changes its owner */
  readonly epoch: number
}

/** What a process finds when it reports. */
export interface Report {
  /** it is known still: what it owns is its own for a lease from when it asked */
  readonly isKnown: boolean
  /** those that have reported within their leases, this one included */
  readonly processes: number
  /** shards that none of them owns */
  readonly free: number
}

/** A process that owns shards, and where it is reached. */
export interface ShardOwner {
  readonly process: string
  readonly address: string | null
}

/**
 * Which process owns which shard.
 *
 * The lease is the process's, not the shard's: to keep a thousand shards costs one row. A process whose lease has ended is removed by whichever
 * finds it first, and its shards are free from then on; if it comes back, it is another one.
 */
export interface ShardTable {
  /** Makes the shards, or refuses another number of them than there are (`ALARM_CONFIG_INVALID`). */
  prepare(): Promise<void>
  /** Makes a process known. */
  enter(process: string): Promise<void>
  /** Renews its lease, and removes those whose leases have ended. */
  report(process: string): Promise<Report>
  /** Takes free shards, at most so many; with the process that had each before. */
  take(process: string, most: number): Promise<readonly (OwnedShard & { readonly before: string | null })[]>
  /** What it owns, as the database has it. */
  owned(process: string): Promise<readonly OwnedShard[]>
  /** Gives shards back. Waits for the commits under way in them. */
  release(process: string, shards: readonly number[]): Promise<void>
  /** Gives all back, and is known no more. */
  leave(process: string): Promise<void>
  /** Whose a shard is; `null`: no process's */
  ownerOf(shard: number): Promise<ShardOwner | null>
}

const LOST = 2 ** 16 // owners of one shard at most that are lost with a primary

export function shardTable(
  db: Database,
  { shards, address, lease }: { shards: number; address: string | null; lease: number },
): ShardTable {
  const shard = `${db.schema}._nolater_shard`
  const process = `${db.schema}._nolater_process`
  const isFree = `(owner IS NULL OR NOT EXISTS (SELECT FROM ${process} AS known WHERE known.id = owner))`

  const make = `INSERT INTO ${shard} (id) SELECT id FROM generate_series(0, $1::integer - 1) AS made (id)
    WHERE NOT EXISTS (SELECT FROM ${shard}) ON CONFLICT DO NOTHING`
  const enter = `
    WITH ${CLOCK} INSERT INTO ${process} (id, address, lease_until) SELECT $1, $2, now + $3 FROM clock`
  // Not waited for: two whose leases have ended would wait for each other.
  const report = `
    WITH ${CLOCK},
    kept AS (UPDATE ${process} SET lease_until = now + $2 FROM clock WHERE id = $1 RETURNING id),
    ended AS (
      DELETE FROM ${process} WHERE id IN (
        SELECT id FROM ${process} AS other, clock WHERE lease_until <= now AND id <> $1 FOR UPDATE OF other SKIP LOCKED)
    )
    SELECT EXISTS (SELECT FROM kept) AS "isKnown",
      (SELECT count(*)::integer FROM ${process}, clock WHERE lease_until > now AND id <> $1) + 1 AS processes,
      (SELECT count(*)::integer FROM ${shard} WHERE ${isFree}) AS free`
  // What was found free may have been taken since, by one that this statement does not know. A commit under way holds its shard, which is left
  // for the next time.
  const take = (timeline: string): string => `
    WITH found AS MATERIALIZED (SELECT id, owner AS before FROM ${shard} WHERE ${isFree} ORDER BY random() LIMIT $2),
    locked AS MATERIALIZED (
      SELECT row.id, found.before FROM found, ${shard} AS row
      WHERE row.id = found.id AND row.owner IS NOT DISTINCT FROM found.before FOR UPDATE OF row SKIP LOCKED)
    UPDATE ${shard} AS row SET owner = $1, timeline = ${timeline},
      epoch = row.epoch + 1 + CASE WHEN row.timeline = ${timeline} THEN 0 ELSE ${LOST} END
    FROM locked WHERE row.id = locked.id AND EXISTS (SELECT FROM ${process} AS known WHERE known.id = $1)
    RETURNING row.id, row.epoch, locked.before`
  const owned = `SELECT id, epoch FROM ${shard} WHERE owner = $1`
  const release = `UPDATE ${shard} SET owner = NULL WHERE owner = $1 AND id = ANY ($2::integer[])`
  const leave = `
    WITH gone AS (DELETE FROM ${process} WHERE id = $1) UPDATE ${shard} SET owner = NULL WHERE owner = $1`
  const ownerOf = `
    SELECT known.id AS process, known.address FROM ${shard} AS row, ${process} AS known WHERE row.id = $1 AND known.id = row.owner`

  return {
    async prepare() {
      await db.query(make, [shards])
      const [{ count }] = (await db.query<{ count: number }>(
        `SELECT count(*)::integer AS count FROM ${shard}`,
        [],
      )) as [{ count: number }]
      if (count !== shards) throw configError('shards', `${count}, as in the schema ${db.name}`, shards)
    },
    async enter(id) {
      await db.query(enter, [id, address, lease])
    },
    async report(id) {
      return (await db.query<Report>(report, [id, lease]))[0] as Report
    },
    async take(id, most) {
      return db.query(take(await db.timeline()), [id, most])
    },
    owned: (id) => db.query(owned, [id]),
    async release(id, given) {
      await db.query(release, [id, given])
    },
    async leave(id) {
      await db.query(leave, [id])
    },
    async ownerOf(id) {
      return (await db.query<ShardOwner>(ownerOf, [id]))[0] ?? null
    },
  }
}
