import type { DatabaseSync } from 'node:sqlite'
import type { HeldAlarm } from '../ledger/held-alarm.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type Excerpt, placeAt } from '../ledger/list-alarms.ts'
import type { LastError } from '../vocabulary/manager.ts'
import type { AlarmTime } from '../vocabulary/time.ts'

const AT_A_TIME = 1_000
const DAY = 86_400_000

/** A ledger in the table, inside the transaction that is open. Nothing of it is kept in memory. */
export interface SqliteLedger extends Ledger {
  /** Forgets removals that are a day old, some at a time; `true` if there may be more. */
  forget(now: number): boolean
  /** by which the rows were put right last; `null`: never */
  clock(): FileClock | null
  keepClock(clock: FileClock): void
  /** The clock was set by so much: leases and back-offs end when they would have ended. */
  shift(by: number, now: number): void
  /** Begins those leases and back-offs again that say they began later than now: the clock was set back while nothing ran. */
  bound(now: number): void
  /** Reads some of what is held, in order. */
  page(excerpt: Excerpt): HeldAlarm[]
}

/** What the clocks read when the rows were put right. */
interface FileClock {
  /** ms that the wall clock was ahead of the machine's */
  readonly ahead: number
  /** ms of the machine's: a machine that reads less was started since */
  readonly elapsed: number
}

/** A row, as it is read. */
type Row = Omit<HeldAlarm, 'key' | 'lastError' | 'begun'> & {
  readonly lastError: string | null
  readonly begun: 0 | 1
}

/** A row whose key is read as bytes. */
type FullRow = Row & { readonly utf8: Uint8Array; readonly rowid: number }

export function sqliteLedger(db: DatabaseSync): SqliteLedger {
  const columns =
    'time, fence, set_by AS setBy, done, due, counted, uncounted, leased_until AS leasedUntil, holder, last_error AS lastError, begun, changed_at AS changedAt'
  const read = db.prepare(`SELECT ${columns} FROM alarm WHERE key = ?`)
  const save = db.prepare(`
    INSERT INTO alarm (key, time, fence, set_by, done, due, counted, uncounted, leased_until, holder, last_error, begun, changed_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET
      time = excluded.time, fence = excluded.fence, set_by = excluded.set_by, done = excluded.done, due = excluded.due,
      counted = excluded.counted, uncounted = excluded.uncounted, leased_until = excluded.leased_until,
      holder = excluded.holder, last_error = excluded.last_error, begun = excluded.begun, changed_at = excluded.changed_at`)
  // What `written` in ../ledger/held-alarm.ts says of an alarm that is not being delivered.
  const replace = db.prepare(`
    INSERT INTO alarm (key, time, fence, set_by, due, counted, uncounted, begun, changed_at) VALUES (?, ?, ?, ?, ?, 0, 0, 0, ?)
    ON CONFLICT (key) DO UPDATE SET
      time = excluded.time, fence = excluded.fence, set_by = excluded.set_by, done = NULL, due = excluded.due, counted = 0, uncounted = 0,
      last_error = NULL, begun = 0, changed_at = excluded.changed_at
    WHERE fence < excluded.fence AND holder IS NULL AND leased_until IS NULL`)
  // What `answered` says of one that is done, where no newer write stands.
  const remove = db.prepare(`
    UPDATE alarm SET
      time = NULL, done = time, due = NULL, counted = 0, uncounted = 0, leased_until = NULL, holder = NULL, last_error = NULL, begun = 0,
      changed_at = ?
    WHERE key = ? AND holder = ? AND fence = ? AND time = ?`)
  // What `leased` says, of as many as were found.
  const lease = db.prepare(`
    UPDATE alarm SET due = ?, begun = 1, leased_until = ?, holder = ?, changed_at = ?
    WHERE rowid IN (SELECT rowid FROM alarm WHERE due <= ? ORDER BY due, rowid LIMIT ?)`)
  // As a BLOB: Node 22 cuts a TEXT off at its first NUL, and one key would answer for another.
  const rows = `SELECT rowid, CAST(key AS BLOB) AS utf8, ${columns} FROM alarm`
  const due = db.prepare(`${rows} WHERE due <= ? ORDER BY due, rowid LIMIT ?`)
  const waiting = db.prepare(
    `${rows} WHERE due IS NOT NULL AND (due, rowid) > (?, ?) AND due < ? ORDER BY due, rowid LIMIT ?`,
  )
  const failed = db.prepare(
    `${rows} WHERE due IS NULL AND time IS NOT NULL AND (time, rowid) > (?, ?) AND time < ? ORDER BY time, rowid LIMIT ?`,
  )
  const rowid = db.prepare('SELECT rowid FROM alarm WHERE key = ?')
  const nextDue = db.prepare('SELECT due FROM alarm WHERE due IS NOT NULL ORDER BY due LIMIT 1')
  const forget = db.prepare(`
    DELETE FROM alarm WHERE rowid IN
      (SELECT rowid FROM alarm WHERE time IS NULL AND changed_at < ? ORDER BY changed_at LIMIT ${AT_A_TIME})`)
  const clock = db.prepare('SELECT ahead, elapsed FROM clock')
  const keepClock = db.prepare('INSERT OR REPLACE INTO clock (id, ahead, elapsed) VALUES (0, ?, ?)')
  // What `shifted` in ../ledger/held-alarm.ts says.
  const waits = 'due IS NOT NULL AND (begun = 1 OR leased_until IS NOT NULL)'
  const move = (by: string): string => `UPDATE alarm SET leased_until = leased_until + ${by},
    due = max(CASE WHEN begun = 1 THEN 0 ELSE time END, coalesce(leased_until, due) + ${by}), changed_at = :now`
  const shift = db.prepare(`${move(':by')} WHERE ${waits} AND (:by < 0 OR due > :now - :by)`)
  const age = db.prepare(
    'UPDATE alarm SET leased_until = leased_until + :by, changed_at = changed_at + :by WHERE time IS NULL',
  )
  const bound = db.prepare(`${move('(:now - changed_at)')} WHERE ${waits} AND changed_at > :now`)
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

  const heldOf = ({ lastError, begun, ...row }: Row, key: string): HeldAlarm => ({
    ...row,
    key,
    begun: begun === 1,
    lastError: lastError === null ? null : (JSON.parse(lastError) as LastError),
  })
  const allOf = (found: readonly FullRow[]): HeldAlarm[] =>
    found.map(({ utf8, rowid: _, ...row }) => heldOf(row, decoder.decode(utf8)))

  return {
    read(key) {
      const row = read.get(key) as Row | undefined
      return row && heldOf(row, key)
    },
    save(held) {
      const { key, time, fence, setBy, done, due, counted, uncounted, leasedUntil, holder, changedAt } = held
      const lastError = held.lastError && JSON.stringify(held.lastError)
      save.run(
        key,
        time,
        fence,
        setBy,
        done,
        due,
        counted,
        uncounted,
        leasedUntil,
        holder,
        lastError,
        held.begun ? 1 : 0,
        changedAt,
      )
    },
    replace: (key, time, fence, now) => replace.run(key, time, fence, fence, time, now).changes === 1,
    remove: ({ key, holder, fence, time }, now) => remove.run(now, key, holder, fence, time).changes === 1,
    lease: (found, now, holder, until) => void lease.run(until, until, holder, now, now, found.length),
    due: (now, limit) => allOf(due.all(now, Math.min(limit, AT_A_TIME)) as unknown as FullRow[]),
    page({ after, failed: wanted, before, limit }) {
      const own = (after && (rowid.get(after.key) as { rowid: number } | undefined)?.rowid) ?? -1
      const end = Math.min(before, Number.MAX_SAFE_INTEGER)
      const asked = [after?.at ?? -1, own, end, limit] as const
      const found = [
        ...(wanted === true ? [] : waiting.all(...asked)),
        ...(wanted === false ? [] : failed.all(...asked)),
      ] as unknown as FullRow[]
      found.sort((a, b) => placeAt(a) - placeAt(b) || a.rowid - b.rowid)
      return allOf(found.slice(0, limit))
    },
    clock: () => (clock.get() as FileClock | undefined) ?? null,
    keepClock: ({ ahead, elapsed }) => void keepClock.run(ahead, elapsed),
    shift(by, now) {
      shift.run({ by, now })
      age.run({ by })
    },
    bound(now) {
      bound.run({ now })
    },
    nextDue: () => (nextDue.get() as { due: AlarmTime } | undefined)?.due ?? null,
    forget: (now) => forget.run(now - DAY).changes === AT_A_TIME,
  }
}
