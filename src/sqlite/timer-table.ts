import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { deserialize } from 'node:v8'
import type { ListedRows, TimerListOptions } from '../timers/stored-timers.ts'
import { bounded, type TimerRow } from '../timers/timer.ts'
import type { Place, TimerRows } from '../timers/timer-rows.ts'
import { afterPrefix } from './after-prefix.ts'
import { pack } from './pack-value.ts'

/** The rows of one actor, for what is in the open transaction. What is put there is durable with it. */
export interface ActorRows extends Omit<ListedRows, 'bound' | 'together'> {
  /** the one whose back-off ends last */
  latest(): TimerRow | undefined
  has(): boolean
}

/**
 * Makes the tables of timers where they are not there. The version of the file stays: a library that knows none goes on with it, and leaves them.
 */
export function makeTimerTable(db: DatabaseSync): void {
  db.exec(`
    CREATE TABLE IF NOT EXISTS _nolater_timers (
      actor TEXT NOT NULL,
      name TEXT NOT NULL,
      time INTEGER NOT NULL,    -- what it was set to, ms since the epoch
      due INTEGER,              -- when it is handled next; null: it has failed, or is paused
      serial INTEGER NOT NULL,  -- which set of the actor's it was
      counted INTEGER NOT NULL,
      uncounted INTEGER NOT NULL,
      rests INTEGER,            -- 1 where it has failures behind it, or is not due; null for all others
      payload BLOB,
      last_error TEXT,          -- JSON
      series TEXT,              -- JSON
      PRIMARY KEY (actor, name)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS _nolater_timers_due ON _nolater_timers (actor, due, serial) WHERE due IS NOT NULL;
    CREATE INDEX IF NOT EXISTS _nolater_timers_resting ON _nolater_timers (actor, rests, due) WHERE rests IS NOT NULL;
    CREATE TABLE IF NOT EXISTS _nolater_timer_sets (
      actor TEXT NOT NULL PRIMARY KEY,
      sets INTEGER NOT NULL     -- so far: what is gone is not counted again
    ) STRICT, WITHOUT ROWID`)
}

interface Stored extends Omit<TimerRow, 'name' | 'payload' | 'lastError' | 'series'> {
  readonly utf8: Uint8Array
  readonly payload: Uint8Array | null
  readonly lastError: string | null
  readonly series: string | null
}

const COLUMNS = `
  CAST(name AS BLOB) AS utf8, time, due, serial, counted, uncounted, payload, last_error AS lastError, series`
const END = new Uint8Array() // comes after every text
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The statements, for all actors of a file. */
export function timerTable(db: DatabaseSync): (actor: string) => ActorRows {
  const select = (rest: string) =>
    db.prepare(`SELECT ${COLUMNS} FROM _nolater_timers WHERE actor = ? AND ${rest}`)
  const sets = db.prepare('SELECT sets FROM _nolater_timer_sets WHERE actor = ?')
  const count = db.prepare(`
    INSERT INTO _nolater_timer_sets VALUES (?, ?)
    ON CONFLICT (actor) DO UPDATE SET sets = max(sets, excluded.sets)`)
  const find = select('name = ?')
  const earliest = db.prepare(`
    SELECT due FROM _nolater_timers WHERE actor = ? AND due IS NOT NULL ORDER BY due, serial LIMIT 1`)
  const due = select('due IS NOT NULL AND due <= ? AND (due, serial) > (?, ?) ORDER BY due, serial LIMIT ?')
  const latest = select('rests = 1 AND due IS NOT NULL ORDER BY due DESC LIMIT 1')
  const put = db.prepare(`
    INSERT INTO _nolater_timers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (actor, name) DO UPDATE SET
      time = excluded.time, due = excluded.due, serial = excluded.serial, counted = excluded.counted,
      uncounted = excluded.uncounted, rests = excluded.rests, payload = excluded.payload,
      last_error = excluded.last_error, series = excluded.series`)
  const remove = db.prepare('DELETE FROM _nolater_timers WHERE actor = ? AND name = ?')
  const any = db.prepare('SELECT 1 FROM _nolater_timers WHERE actor = ? LIMIT 1')
  const range = 'name >= ? AND name < ? AND name IS NOT ?'
  const byName = select(`${range} ORDER BY name LIMIT ?`)
  const byTime = select(
    `due IS NOT NULL AND ${range} AND (due, serial) > (?, ?) ORDER BY due, serial LIMIT ?`,
  )
  const resting = select(`rests = 1 AND due IS NULL AND ${range} ORDER BY name`)

  const rowsOf = (found: unknown): TimerRow[] => (found as Stored[]).map(rowOf)

  function list(actor: string, { prefix = '', state, by, after, limit = -1 }: TimerListOptions): TimerRow[] {
    const end = afterPrefix(prefix) ?? END
    const from = after?.name.startsWith(prefix) === true ? after.name : prefix
    if (state !== undefined) {
      const isPaused = (row: TimerRow): boolean => row.series?.paused === true
      return rowsOf(resting.all(actor, from, end, after?.name ?? null))
        .filter((row) => isPaused(row) === (state === 'paused'))
        .slice(0, limit < 0 ? undefined : limit)
    }
    if (by !== 'time') return rowsOf(byName.all(actor, from, end, after?.name ?? null, limit))
    const place = after === undefined ? [-1, 0] : [after.due ?? Number.MAX_SAFE_INTEGER, Number(after.id)]
    return rowsOf(byTime.all(actor, prefix, end, null, ...place, limit))
  }

  return (actor) => ({
    sets: () => (sets.get(actor) as { sets: number } | undefined)?.sets ?? 0,
    find: (name) => rowsOf(find.all(actor, name))[0],
    earliest: () => (earliest.get(actor) as { due: number } | undefined)?.due ?? null,
    due: (until, after: Place | null, most) =>
      rowsOf(due.all(actor, until, after?.due ?? -1, after?.serial ?? 0, most)),
    put(timer) {
      put.run(...boundTo(actor, timer))
      count.run(actor, timer.serial)
    },
    remove: (name) => void remove.run(actor, name),
    latest: () => rowsOf(latest.all(actor))[0],
    has: () => any.get(actor) !== undefined,
    list: (options) => list(actor, options),
  })
}

/** The back-off that ends last is looked at first: once one is no longer than it may be, none before is worth a look. */
export function boundAll(
  rows: Pick<TimerRows, 'put'>,
  latest: () => TimerRow | undefined,
  now: number,
): void {
  for (let last = latest(); last !== undefined; last = latest()) {
    const short = bounded(last, now)
    if (short === last) return
    rows.put(short, { allowUnconfirmed: true })
  }
}

function rowOf({ utf8, payload, lastError, series, ...row }: Stored): TimerRow {
  return {
    name: decoder.decode(utf8),
    ...row,
    payload: payload === null ? undefined : deserialize(payload),
    lastError: lastError === null ? null : JSON.parse(lastError),
    series: series === null ? null : JSON.parse(series),
  }
}

function boundTo(actor: string, timer: TimerRow): SQLInputValue[] {
  const { name, time, due, serial, counted, uncounted, payload, lastError, series } = timer
  return [
    actor,
    name,
    time,
    due,
    serial,
    counted,
    uncounted,
    due === null || counted + uncounted > 0 ? 1 : null,
    payload === undefined ? null : pack(name, payload),
    lastError === null || lastError === undefined ? null : JSON.stringify(lastError),
    series === null || series === undefined ? null : JSON.stringify(series),
  ]
}
