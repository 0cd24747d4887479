import type { DatabaseSync } from 'node:sqlite'
import { type HeldAlarm, leased } from '../ledger/held-alarm.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type Excerpt, FEW, firstDue, placeAt } from '../ledger/list-alarms.ts'
import type { KeyRange } from '../ledger/search-alarms.ts'
import type { Look } from '../ledger/stats.ts'
import type { LastError } from '../vocabulary/listed-alarm.ts'
import { isBefore } from '../vocabulary/time.ts'
import { afterPrefix } from './after-prefix.ts'
import { countAlarms } from './count-alarms.ts'
import { type Deliverers, deliverersIn } from './deliverers.ts'
import { type KeptPauses, pausesIn } from './kept-pauses.ts'

const AT_A_TIME = 1_000
const DAY = 86_400_000
const NO_END = new Uint8Array() // a BLOB comes after every TEXT

/** A ledger in the table, inside the transaction that is open. Nothing of it is kept in memory. */
export interface SqliteLedger extends Omit<Ledger, keyof Deliverers>, Deliverers, KeptPauses {
  look(now: number): Look
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
  /** Reads some of what is held or was removed, in the order of the keys. */
  range(range: KeyRange): HeldAlarm[]
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

interface DueRow {
  readonly due: number
}

/** A row whose key is read as bytes. */
type FullRow = Row & { readonly utf8: Uint8Array; readonly rowid: number }

export function sqliteLedger(db: DatabaseSync): SqliteLedger {
  const columns =
    'time, fence, set_by AS setBy, done, due, counted, uncounted, leased_until AS leasedUntil, holder, last_error AS lastError, begun, aside, changed_at AS changedAt'
  const read = db.prepare(`SELECT ${columns} FROM alarm WHERE key = ?`)
  const save = db.prepare(`
    INSERT INTO alarm (key, time, fence, set_by, done, due, counted, uncounted, leased_until, holder, last_error, begun, aside, changed_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET
      time = excluded.time, fence = excluded.fence, set_by = excluded.set_by, done = excluded.done, due = excluded.due,
      counted = excluded.counted, uncounted = excluded.uncounted, leased_until = excluded.leased_until,
      holder = excluded.holder, last_error = excluded.last_error, begun = excluded.begun, aside = excluded.aside,
      changed_at = excluded.changed_at`)
  // What `written` in ../ledger/held-alarm.ts says of an alarm that is not being delivered.
  const replace = db.prepare(`
    INSERT INTO alarm (key, time, fence, set_by, due, counted, uncounted, begun, changed_at) VALUES (?, ?, ?, ?, ?, 0, 0, 0, ?)
    ON CONFLICT (key) DO UPDATE SET
      time = excluded.time, fence = excluded.fence, set_by = excluded.set_by, done = NULL, due = excluded.due, counted = 0, uncounted = 0,
      last_error = NULL, begun = 0, aside = NULL, changed_at = excluded.changed_at
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
    WHERE rowid IN (SELECT rowid FROM alarm WHERE due <= ? AND aside IS NULL ORDER BY due, rowid LIMIT ?)`)
  // As a BLOB: Node 22 cuts a TEXT off at its first NUL, and one key would answer for another.
  const rows = `SELECT rowid, CAST(key AS BLOB) AS utf8, ${columns} FROM alarm`
  const due = db.prepare(`${rows} WHERE due <= ? AND aside IS NULL ORDER BY due, rowid LIMIT ?`)
  const asideBefore = db.prepare(`${rows} WHERE aside < ? AND due <= ? ORDER BY aside, due LIMIT ?`)
  const waiting = db.prepare(
    `${rows} WHERE due IS NOT NULL AND aside IS NULL AND (due, rowid) > (?, ?) AND due < ? ORDER BY due, rowid LIMIT ?`,
  )
  const aside = db.prepare(
    `${rows} WHERE aside IS NOT NULL AND (due, rowid) > (?, ?) AND due < ? ORDER BY due, rowid LIMIT ?`,
  )
  const failed = db.prepare(
    `${rows} WHERE due IS NULL AND time IS NOT NULL AND (time, rowid) > (?, ?) AND time < ? ORDER BY time, rowid LIMIT ?`,
  )
  // There are few of them, mostly: an order of their own is made faster than they are found among all.
  const begunRows = `INDEXED BY alarm_waiting WHERE due IS NOT NULL AND (begun = 1 OR leased_until IS NOT NULL)`
  const begun = db.prepare(
    `${rows} ${begunRows} AND (due, rowid) > (?, ?) AND due < ? ORDER BY due, rowid LIMIT ?`,
  )
  const atMost = db.prepare(`SELECT count(*) AS count FROM (SELECT 1 FROM alarm ${begunRows} LIMIT ?)`)
  const range = db.prepare(`${rows} WHERE key >= ? AND key IS NOT ? AND key < ? ORDER BY key LIMIT ?`)
  const rowid = db.prepare('SELECT rowid FROM alarm WHERE key = ?')
  const nextDue = db.prepare(
    'SELECT due FROM alarm WHERE due IS NOT NULL AND aside IS NULL ORDER BY due LIMIT 1',
  )
  // The first of each generation, from the index: what is brought back may be a million alarms, and each round asks.
  const nextAside = db.prepare(`
    WITH RECURSIVE old (aside) AS (
      SELECT min(aside) FROM alarm WHERE due IS NOT NULL AND aside < :generation
      UNION ALL
      SELECT (SELECT min(aside) FROM alarm WHERE due IS NOT NULL AND aside > old.aside AND aside < :generation) FROM old WHERE aside IS NOT NULL
    )
    SELECT min((SELECT min(due) FROM alarm WHERE due IS NOT NULL AND aside = old.aside)) AS due FROM old`)
  const count = countAlarms(db)
  const forget = db.prepare(`
    DELETE FROM alarm WHERE rowid IN
      (SELECT rowid FROM alarm WHERE time IS NULL AND changed_at < ? ORDER BY changed_at LIMIT ${AT_A_TIME})`)
  const clock = db.prepare('SELECT ahead, elapsed FROM clock')
  const keepClock = db.prepare('INSERT OR REPLACE INTO clock (id, ahead, elapsed) VALUES (0, ?, ?)')
  // What `shifted` in ../ledger/held-alarm.ts says.
  const waits = 'due IS NOT NULL AND (begun = 1 OR leased_until IS NOT NULL)'
  const move = (
    by: string,
  ): string => `UPDATE alarm INDEXED BY alarm_waiting SET leased_until = leased_until + ${by},
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

  const areFew = (): boolean => (atMost.get(FEW + 1) as { readonly count: number }).count <= FEW

  const first = (found: FullRow[], limit: number): HeldAlarm[] =>
    allOf(found.sort((a, b) => placeAt(a) - placeAt(b) || a.rowid - b.rowid).slice(0, limit))

  const ledger: SqliteLedger = {
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
        held.aside,
        changedAt,
      )
    },
    replace: (key, time, fence, now) => replace.run(key, time, fence, fence, time, now).changes === 1,
    remove: ({ key, holder, fence, time }, now) => remove.run(now, key, holder, fence, time).changes === 1,
    lease(found, now, holder, until) {
      if (found.every((held) => held.aside === null)) {
        lease.run(until, until, holder, now, now, found.length)
      } else for (const held of found) ledger.save(leased(held, holder, now, until))
    },
    due(now, most, generation) {
      const limit = Math.min(most, AT_A_TIME)
      const old = generation === 0 ? [] : asideBefore.all(generation, now, limit)
      return first([...due.all(now, limit), ...old] as unknown as FullRow[], limit)
    },
    page({ after, failed: wanted, begun: isNarrow, before, limit }) {
      const own = (after && (rowid.get(after.key) as { rowid: number } | undefined)?.rowid) ?? -1
      const end = Math.min(before, Number.MAX_SAFE_INTEGER)
      const asked = [after?.at ?? -1, own, end, limit] as const
      if (isNarrow && areFew()) return allOf(begun.all(...asked) as unknown as FullRow[])
      const found = [
        ...(wanted === true ? [] : [...waiting.all(...asked), ...aside.all(...asked)]),
        ...(wanted === false ? [] : failed.all(...asked)),
      ] as unknown as FullRow[]
      return first(found, limit)
    },
    range({ prefix, after, limit }) {
      const asked = [after ?? prefix, after, afterPrefix(prefix) ?? NO_END, limit] as const
      return allOf(range.all(...asked) as unknown as FullRow[])
    },
    clock: () => (clock.get() as FileClock | undefined) ?? null,
    keepClock: ({ ahead, elapsed }) => void keepClock.run(ahead, elapsed),
    shift(by, now) {
      shift.run({ by, now })
      age.run({ by })
      ledger.shiftReports(by)
    },
    bound(now) {
      bound.run({ now })
    },
    nextDue(generation) {
      const next = (nextDue.get() as DueRow | undefined)?.due ?? null
      const old = (generation === 0 ? undefined : nextAside.get({ generation })) as DueRow | undefined
      return old !== undefined && isBefore(old.due, next) ? old.due : next
    },
    ...pausesIn(db),
    ...deliverersIn(db),
    look: (now) => ({
      counts: count(now),
      oldest: (ledger.page(firstDue(now))[0] ?? null) as Look['oldest'],
      pauses: ledger.pauses(),
      ...ledger.deliverers(),
    }),
    forget: (now) => forget.run(now - DAY).changes === AT_A_TIME,
  }
  return ledger
}
