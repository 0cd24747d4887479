import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'

/** What a server has done since it was started. */
export interface Usage {
  readonly commits: number
  /** of its log, those of other processes than backends included */
  readonly fsyncs: number
  readonly walBytes: number
}

/** The rows of a schema. */
export interface Rows {
  /** that autovacuum has not removed yet */
  readonly dead: number
  /** that were updated or deleted: each left a dead one */
  readonly everDead: number
  /** of those that were updated: those that no index had to be changed for */
  readonly hot: number
  readonly vacuums: number
}

const PATIENCE = 60_000 // ms

/** Waits until all others have left: a backend enters its figures when it ends, at the latest. */
export async function untilQuiet(client: Client): Promise<void> {
  const others = `SELECT count(*)::integer AS count FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`
  const end = performance.now() + PATIENCE
  for (;;) {
    const { count } = await one<{ count: number }>(client, others)
    if (count === 0) return
    if (performance.now() > end)
      throw new Error(`${count} connections of what was measured before are open after ${PATIENCE} ms.`)
    await sleep(20)
  }
}

export async function usageOf(client: Client): Promise<Usage> {
  await untilQuiet(client)
  return one<Usage>(
    client,
    `SELECT (SELECT sum(xact_commit)::float8 FROM pg_stat_database) AS commits,
      (SELECT sum(fsyncs)::float8 FROM pg_stat_io WHERE object = 'wal') AS fsyncs,
      (SELECT wal_bytes::float8 FROM pg_stat_wal) AS "walBytes"`,
  )
}

export function usedSince(before: Usage, after: Usage, fires: number): Usage {
  const each = (figure: keyof Usage): number => (after[figure] - before[figure]) / fires
  return { commits: each('commits'), fsyncs: each('fsyncs'), walBytes: each('walBytes') }
}

/** Bytes of all tables of a schema, with their indexes. */
export async function sizeOf(client: Client, schema: string): Promise<number> {
  const { bytes } = await one<{ bytes: number }>(
    client,
    `SELECT sum(pg_total_relation_size(oid))::float8 AS bytes FROM pg_class WHERE relnamespace = '${schema}'::regnamespace AND relkind = 'r'`,
  )
  return bytes
}

export async function rowsOf(client: Client, schema: string): Promise<Rows> {
  await untilQuiet(client)
  return one<Rows>(
    client,
    `SELECT sum(n_dead_tup)::float8 AS dead, sum(n_tup_upd + n_tup_del)::float8 AS "everDead", sum(n_tup_hot_upd)::float8 AS hot,
      sum(autovacuum_count)::float8 AS vacuums
    FROM pg_stat_user_tables WHERE schemaname = '${schema}'`,
  )
}

async function one<Row>(client: Client, text: string): Promise<Row> {
  return (await client.query(text)).rows[0] as Row
}
