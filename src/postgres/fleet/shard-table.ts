import { configError } from '../../vocabulary/error-of.ts'
import type { AlarmError } from '../../vocabulary/errors.ts'
import type { Database } from '../database.ts'
import { groupTurn } from '../group-turn.ts'
import { CLOCK } from '../statements.ts'

/** A shard that a process owns. */
export interface OwnedShard {
  readonly id: number
  /** raised each time that it changes its owner, and where a commit of its owner may still land */
  readonly epoch: number
}

/** What a process finds when it reports. */
export interface Report {
  /** its lease has not ended: what it owns is its own for a lease from when it asked */
  readonly isKnown: boolean
  /** those whose leases have not ended, this one included */
  readonly processes: number
  /** shards in all, and those that none of them owns */
  readonly shards: number
  readonly free: number
  /** how many it owns, and the sum of their epochs */
  readonly owned: number
  readonly epochs: number
  /** of the server: another one after a failover */
  readonly timeline: number
}

/** A process that owns a shard, and where it is reached. */
export interface ShardOwner {
  readonly process: string
  readonly address: string | null
}

/**
 * Which process owns which shard.
 *
 * The lease is the process's, not the shard's: to keep a thousand shards costs one row. A process whose lease has ended owns nothing from then
 * on; if it comes back, it is another one.
 */
export interface ShardTable {
  /** Makes the shards, where there are none; refuses another number of them than there are (`ALARM_CONFIG_INVALID`). */
  prepare(): Promise<void>
  /** Makes a process known. */
  enter(process: string): Promise<void>
  /** Renews its lease, if that has not ended, and removes those that have. Gives up early enough for another try. */
  report(process: string): Promise<Report>
  /** Takes free shards, at most so many. */
  take(process: string, most: number): Promise<readonly OwnedShard[]>
  /** Waits for the commits under way in a shard, and refuses those that come with its epoch of before; `null` where it is not owned. */
  raise(process: string, shard: number): Promise<number | null>
  /** What it owns, as the database has it. */
  owned(process: string): Promise<readonly OwnedShard[]>
  /** Gives shards back. Waits for the commits under way in them. */
  release(process: string, shards: readonly number[]): Promise<void>
  /** Gives all back, and is known no more. */
  leave(process: string): Promise<void>
  /** Whose a shard is; `null`: no process's */
  ownerOf(shard: number): Promise<ShardOwner | null>
}

const PATIENCE = 1 / 4 // of a lease: a report that is not answered leaves time for another one, on another connection
const LOST = 2 ** 16 // epochs of one shard at most that are lost with a primary

export function shardTable(
  db: Database,
  { shards, address, lease }: { shards: number; address: string | null; lease: number },
): ShardTable {
  const shard = `${db.schema}._nolater_shard`
  const process = `${db.schema}._nolater_process`
  const isAlive = 'known.seen + known.lease > now'
  const isFree = `(owner IS NULL OR NOT EXISTS (SELECT FROM ${process} AS known, clock WHERE known.id = owner AND ${isAlive}))`

  const make = `INSERT INTO ${shard} (id) SELECT id FROM generate_series(0, $1::integer - 1) AS made (id)
    WHERE NOT EXISTS (SELECT FROM ${shard}) ON CONFLICT DO NOTHING`
  const enter = `
    WITH ${CLOCK} INSERT INTO ${process} (id, address, lease, seen) SELECT $1, $2, $3, now FROM clock
    ON CONFLICT (id) DO UPDATE SET seen = excluded.seen`
  // The rows of others are not waited for: two that report would wait for each other. One that was seen later than now was seen before the clock
  // was set back: its lease begins again.
  const report = (timeline: string): string => `
    WITH ${CLOCK},
    kept AS (UPDATE ${process} AS known SET seen = now FROM clock WHERE id = $1 AND ${isAlive} RETURNING id),
    others AS MATERIALIZED (
      SELECT id, ${isAlive} AS alive FROM ${process} AS known, clock WHERE id <> $1 AND (seen > now OR NOT ${isAlive})
      FOR UPDATE OF known SKIP LOCKED),
    begun AS (UPDATE ${process} SET seen = now FROM clock WHERE id IN (SELECT id FROM others WHERE alive)),
    ended AS (DELETE FROM ${process} WHERE id IN (SELECT id FROM others WHERE NOT alive))
    SELECT EXISTS (SELECT FROM kept) AS "isKnown",
      (SELECT count(*)::integer FROM ${process} AS known, clock WHERE ${isAlive} AND id <> $1) + 1 AS processes,
      (SELECT count(*)::integer FROM ${shard}) AS shards,
      (SELECT count(*)::integer FROM ${shard} WHERE ${isFree}) AS free,
      (SELECT count(*)::integer FROM ${shard} WHERE owner = $1) AS owned,
      (SELECT coalesce(sum(epoch), 0)::float8 FROM ${shard} WHERE owner = $1) AS epochs,
      ${timeline} AS timeline`
  // What was found free may have been taken since, by one that this statement does not know. A commit under way holds its shard, which is left
  // for the next time.
  const take = (timeline: string): string => `
    WITH ${CLOCK},
    found AS MATERIALIZED (SELECT id, owner AS before FROM ${shard} WHERE ${isFree} ORDER BY random() LIMIT $2),
    locked AS MATERIALIZED (
      SELECT row.id FROM found, ${shard} AS row
      WHERE row.id = found.id AND row.owner IS NOT DISTINCT FROM found.before FOR UPDATE OF row SKIP LOCKED)
    UPDATE ${shard} AS row SET owner = $1, timeline = ${timeline},
      epoch = row.epoch + 1 + CASE WHEN row.timeline = ${timeline} THEN 0 ELSE ${LOST} END
    FROM locked WHERE row.id = locked.id AND EXISTS (SELECT FROM ${process} AS known, clock WHERE known.id = $1 AND ${isAlive})
    RETURNING row.id, row.epoch`
  const raise = `UPDATE ${shard} SET epoch = epoch + 1 WHERE owner = $1 AND id = $2 RETURNING epoch`
  const owned = `SELECT id, epoch FROM ${shard} WHERE owner = $1`
  const release = `UPDATE ${shard} SET owner = NULL WHERE owner = $1 AND id = ANY ($2::integer[])`
  const leave = `
    WITH gone AS (DELETE FROM ${process} WHERE id = $1) UPDATE ${shard} SET owner = NULL WHERE owner = $1`
  const ownerOf = `
    WITH ${CLOCK}
    SELECT row.id AS shard, known.id AS process, known.address FROM clock, ${shard} AS row, ${process} AS known
    WHERE row.id = ANY ($1::integer[]) AND known.id = row.owner AND ${isAlive}`
  // One statement for those that are asked for in one turn of the event loop: each request to another process asks.
  let asked = 0
  const owners = groupTurn(async (all: readonly { readonly id: string; readonly shard: number }[]) => {
    const found = await db.query<ShardOwner & { shard: number }>(ownerOf, [all.map((each) => each.shard)])
    const of = new Map(found.map(({ shard, process, address }) => [shard, { process, address }]))
    return all.map((each) => of.get(each.shard) ?? null)
  })

  return {
    async prepare() {
      await db.query(make, [shards])
      const [found] = await db.query<{ count: number }>(`SELECT count(*)::integer AS count FROM ${shard}`, [])
      if (found?.count !== shards) throw wrongNumber(found?.count ?? 0, shards)
    },
    async enter(id) {
      await db.query(enter, [id, address, lease])
    },
    async report(id) {
      const text = report(await db.timeline())
      const [found] = await db.query<Report>(text, [id], Math.min(db.timeout, lease * PATIENCE))
      return found as Report
    },
    async take(id, most) {
      return db.query(take(await db.timeline()), [id, most])
    },
    async raise(id, own) {
      return (await db.query<{ epoch: number }>(raise, [id, own]))[0]?.epoch ?? null
    },
    owned: (id) => db.query(owned, [id]),
    async release(id, given) {
      await db.query(release, [id, given])
    },
    async leave(id) {
      await db.query(leave, [id])
    },
    ownerOf: (id) => owners.ask({ id: String(asked++), shard: id }),
  }
}

/** Keys would have other shards here than in the other processes, and so two owners. */
export function wrongNumber(found: number, shards: number): AlarmError {
  return configError('shards', `${found}, as in the database`, shards)
}
