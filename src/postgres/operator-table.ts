import type { KeptDeliverer, Past } from '../ledger/activity.ts'
import { GONE, goneText, keptOf } from '../ledger/kept-minute.ts'
import type { Pauses } from '../ledger/pauses.ts'
import { type Look, MINUTE } from '../ledger/stats.ts'
import type { AlarmScope } from '../vocabulary/alarm-scope.ts'
import type { Deliverer } from '../vocabulary/manager-stats.ts'
import { fromText, toText } from './alarm-key.ts'
import type { Database } from './database.ts'
import { CLOCK } from './statements.ts'

/** What operators see of a manager and tell it, beside its alarms. */
export interface OperatorTable {
  /** What stands, by the clock of the database. */
  look(): Promise<Omit<Look, 'oldest' | 'pauses'> & { readonly now: number }>
  /** What has reported within an hour, by the clock of the database. */
  deliverers(): Promise<{ readonly now: number; readonly deliverers: readonly KeptDeliverer[] }>
  pauses(): Promise<Pauses>
  /** How many are looked at next between each edge and the one after it. */
  countBetween(edges: readonly number[]): Promise<readonly number[]>
  /** Puts `after` in the place of `before`; false where others stand by now. */
  keepPauses(before: Pauses, after: Pauses): Promise<boolean>
  seen(deliverer: Pick<KeptDeliverer, 'holder' | 'process' | 'minute'>): Promise<void>
  /** It delivers no more: what it did last counts until it is a minute ago. */
  gone(deliverer: Pick<Deliverer, 'holder' | 'process'>, past: readonly Past[]): Promise<void>
}

const HOUR = 3_600_000 // ms after the last report of a process that died: long enough to find out what became of it

export function operatorTable(db: Database): OperatorTable {
  const alarm = `${db.schema}._nolater_alarm`
  const pauses = `${db.schema}._nolater_pauses`
  const deliverer = `${db.schema}._nolater_deliverer`

  /** What `stateOf` in ../ledger/list-alarms.ts says of all, from the indexes. */
  const count = `
    WITH ${CLOCK},
    begun AS (
      SELECT count(*) FILTER (WHERE leased_until > now) AS delivering,
        count(*) FILTER (WHERE leased_until > now AND due <= now) AS both,
        count(*) FILTER (WHERE coalesce(leased_until, 0) <= now AND due > now AND begun AND counted + uncounted > 0) AS resting
      FROM ${alarm}, clock WHERE due IS NOT NULL AND (begun OR leased_until IS NOT NULL)
    ),
    due AS (
      SELECT (SELECT count(*) FROM ${alarm} WHERE due <= now AND aside IS NULL) +
        (SELECT count(*) FROM ${alarm} WHERE due <= now AND aside IS NOT NULL) AS count
      FROM clock
    )
    SELECT now::float8, due.count::float8 AS due, begun.delivering::float8, begun.both::float8, begun.resting::float8,
      ((SELECT count(*) FROM ${alarm} WHERE due IS NOT NULL AND aside IS NULL) +
        (SELECT count(*) FROM ${alarm} WHERE aside IS NOT NULL))::float8 AS whole,
      (SELECT count(*) FROM ${alarm} WHERE due IS NULL AND time IS NOT NULL)::float8 AS failed
    FROM clock, begun, due`
  const within = 'due >= part."from" AND due < part.until'
  const countBetween = `
    SELECT ((SELECT count(*) FROM ${alarm} WHERE aside IS NULL AND ${within}) +
      (SELECT count(*) FROM ${alarm} WHERE aside IS NOT NULL AND ${within}))::float8 AS count
    FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS part ("from", until, place) ORDER BY place`
  const read = `SELECT generation, scopes FROM ${pauses}`
  const keep = `UPDATE ${pauses} SET generation = $1, scopes = $2 WHERE generation = $3 AND scopes = $4 RETURNING generation`
  const seen = `
    WITH ${CLOCK}, dead AS (DELETE FROM ${deliverer} USING clock WHERE seen < now - ${HOUR} OR (seen < now - ${MINUTE} AND ${GONE}))
    INSERT INTO ${deliverer} (holder, process, since, seen, minute) SELECT $1, $2, now, now, $3 FROM clock
    ON CONFLICT (holder) DO UPDATE SET seen = excluded.seen, minute = excluded.minute`
  const gone = `DELETE FROM ${deliverer} WHERE holder = $1`
  const all = `SELECT holder, process, since::float8, seen::float8, minute FROM ${deliverer} ORDER BY since, holder`
  const clock = `WITH ${CLOCK} SELECT now::float8 FROM clock`

  return {
    async look() {
      const [counted] = await db.query<Counted>(count, [])
      const rows = await db.query<DelivererRow>(all, [])
      const { now, whole, delivering, both, resting, failed, due } = counted as Counted
      const isDue = due - both
      const pending = whole - isDue - delivering - resting
      return {
        now,
        counts: { pending, due: isDue, delivering, 'backing-off': resting, failed },
        ...keptOf(rows),
      }
    },
    async deliverers() {
      const { deliverers } = keptOf(await db.query<DelivererRow>(all, []))
      const [row] = await db.query<{ readonly now: number }>(clock, [])
      return { now: (row as { now: number }).now, deliverers }
    },
    async pauses() {
      const [row] = await db.query<PausesRow>(read, [])
      const { generation, scopes } = row as PausesRow
      return {
        generation,
        scopes: (JSON.parse(scopes) as AlarmScope[]).map((scope) => changed(scope, fromText)),
      }
    },
    async countBetween(edges) {
      const rows = await db.query<{ count: number }>(countBetween, [edges.slice(0, -1), edges.slice(1)])
      return rows.map(({ count }) => count)
    },
    async keepPauses(before, after) {
      const values = [after.generation, textOf(after), before.generation, textOf(before)]
      return (await db.query(keep, values)).length === 1
    },
    async seen({ holder, process, minute }) {
      await db.query(seen, [holder, process, JSON.stringify(minute)])
    },
    async gone({ holder, process }, past) {
      if (past.length > 0) await db.query(seen, [holder, process, goneText(past)])
      else await db.query(gone, [holder])
    },
  }
}

type Counted = Readonly<
  Record<'now' | 'whole' | 'due' | 'delivering' | 'both' | 'resting' | 'failed', number>
>

interface PausesRow {
  readonly generation: number
  readonly scopes: string
}

interface DelivererRow extends Omit<KeptDeliverer, 'minute'> {
  readonly minute: string
}

function textOf({ scopes }: Pauses): string {
  return JSON.stringify(scopes.map((scope) => changed(scope, toText)))
}

/** Its text as the column of the keys has it, so that the database can compare the two; or back. */
function changed(scope: AlarmScope, change: (text: string) => string): AlarmScope {
  return 'key' in scope ? { key: change(scope.key) } : { prefix: change(scope.prefix as string) }
}
