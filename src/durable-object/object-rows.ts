import { storedTimer } from '../timers/listed-timer.ts'
import type { TimerRow } from '../timers/timer.ts'
import type { ListedRows, TimerListOptions } from '../timers/timer-options.ts'
import { fieldOf } from '../vocabulary/safe-field.ts'
import { jsonOf } from './json-payload.ts'
import type { ObjectSql } from './object-storage.ts'

// `due` is null where it has failed, or is paused; `payload`, `lastError` and `series` are JSON. What is gone is not counted again among the sets.
const SCHEMA = `
CREATE TABLE IF NOT EXISTS _nolater_timers (
name TEXT NOT NULL PRIMARY KEY,
time INTEGER NOT NULL,
due INTEGER,
serial INTEGER NOT NULL,
counted INTEGER NOT NULL,
uncounted INTEGER NOT NULL,
payload TEXT,
lastError TEXT,
series TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS _nolater_timers_due ON _nolater_timers (due, serial) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS _nolater_timer_sets (one INTEGER NOT NULL PRIMARY KEY, sets INTEGER NOT NULL) STRICT`

const SELECT = 'SELECT * FROM _nolater_timers'

/**
 * The timers of an object, beside its state. Their tables are made with the first of them, and again after `deleteAll`: an object without timers
 * stays empty.
 */
export function objectRows(sql: ObjectSql): ListedRows {
  let newest = 0 // kept here, too: a handler may be at work on a timer that `deleteAll` has removed

  function read(query: string, ...bindings: unknown[]): Iterable<Record<string, unknown>> {
    try {
      return sql.exec(query, ...bindings)
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  }

  function write(query: string, ...bindings: unknown[]): void {
    try {
      sql.exec(query, ...bindings)
    } catch (error) {
      if (!isMissing(error)) throw error
      sql.exec(SCHEMA)
      sql.exec(query, ...bindings)
    }
  }

  const timers = (rest: string, ...bindings: unknown[]): TimerRow[] =>
    Array.from(read(`${SELECT} ${rest}`, ...bindings), rowOf)
  const numberOf = (query: string): number | null => {
    for (const row of read(query)) return Object.values(row)[0] as number
    return null
  }

  const rows: ListedRows = {
    sets() {
      newest = Math.max(newest, numberOf('SELECT sets FROM _nolater_timer_sets') ?? 0)
      return newest
    },
    find: (name) => timers('WHERE name = ?', name)[0],
    earliest: () =>
      numberOf('SELECT due FROM _nolater_timers WHERE due IS NOT NULL ORDER BY due, serial LIMIT 1'),
    due: (until, after, most) =>
      timers(
        'WHERE due IS NOT NULL AND due <= ? AND (due, serial) > (?, ?) ORDER BY due, serial LIMIT ?',
        until,
        after?.due ?? -1,
        after?.serial ?? 0,
        most,
      ),
    put(timer) {
      write(`INSERT OR REPLACE INTO _nolater_timers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, ...boundTo(timer))
      if (timer.serial <= rows.sets()) return
      newest = timer.serial
      write('INSERT OR REPLACE INTO _nolater_timer_sets VALUES (1, ?)', newest)
    },
    remove: (name) => write('DELETE FROM _nolater_timers WHERE name = ?', name),
    together: (work) => work(),
    bound() {}, // the platform's clock is not set back
    list: (options) => [...listed(read, options)],
  }
  return rows
}

/** No more rows are read than are listed, or have to be looked at. */
function* listed(
  read: (query: string, ...bindings: unknown[]) => Iterable<Record<string, unknown>>,
  { prefix = '', state, by, limit = Number.MAX_SAFE_INTEGER, after }: TimerListOptions,
): Generator<TimerRow> {
  const isByTime = by === 'time' && state === undefined
  const from = after?.name.startsWith(prefix) === true ? after.name : prefix
  const found = isByTime
    ? read(
        `${SELECT} WHERE due IS NOT NULL AND (due, serial) > (?, ?) ORDER BY due, serial`,
        after === undefined ? -1 : (after.due ?? Number.MAX_SAFE_INTEGER),
        after === undefined ? 0 : Number(after.id),
      )
    : read(`${SELECT} WHERE name >= ? AND name IS NOT ? ORDER BY name`, from, after?.name ?? null)
  let left = limit
  for (const each of found) {
    if (left === 0) return
    const isInside = (each.name as string).startsWith(prefix)
    if (!isInside && !isByTime) return
    const row = rowOf(each)
    if (!isInside || (state !== undefined && storedTimer(row).state !== state)) continue
    left--
    yield row
  }
}

/** Before the first timer, after `deleteAll`, or where a transaction was rolled back that had the first. */
function isMissing(error: unknown): boolean {
  return /no such table: _nolater_timer/.test(String(fieldOf(error, 'message')))
}

function rowOf(found: Record<string, unknown>): TimerRow {
  const { payload, lastError, series, ...row } = found as Record<string, string | null>
  const parsed = (json: string | null | undefined) => (typeof json === 'string' ? JSON.parse(json) : null)
  return {
    ...(row as unknown as TimerRow),
    payload: parsed(payload) ?? (payload === 'null' ? null : undefined),
    lastError: parsed(lastError),
    series: parsed(series),
  }
}

function boundTo(timer: TimerRow): unknown[] {
  const { name, time, due, serial, counted, uncounted, payload, lastError = null, series = null } = timer
  const json = payload === undefined ? null : jsonOf(name, payload)
  return [
    name,
    time,
    due,
    serial,
    counted,
    uncounted,
    json,
    lastError && JSON.stringify(lastError),
    series && JSON.stringify(series),
  ]
}
