import type { DatabaseSync } from 'node:sqlite'
import type { HeldAlarm } from '../ledger/held-alarm.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { AlarmTime } from '../time.ts'

const AT_A_TIME = 1_000
const DAY = 86_400_000

/** A ledger in the table, inside whatever transaction is open. Nothing of it is kept in memory. */
export interface SqliteLedger extends Ledger {
  /** Forgets removals that are a day old, some at a time; `true` if there may be more. */
  forget(now: number): boolean
}

export function sqliteLedger(db: DatabaseSync): SqliteLedger {
  const columns =
    'time, fence, set_by AS setBy, done, due, counted, uncounted, leased_until AS leasedUntil, holder, changed_at AS changedAt'
  const read = db.prepare(`SELECT ${columns} FROM alarm WHERE key = ?`)
  const save = db.prepare(`
    INSERT INTO alarm (key, time, fence, set_by, done, due, counted, uncounted, leased_until, holder, changed_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET
      time = excluded.time, fence = excluded.fence, set_by = excluded.set_by, done = excluded.done, due = excluded.due,
      counted = excluded.counted, uncounted = excluded.uncounted, leased_until = excluded.leased_until,
      holder = excluded.holder, changed_at = excluded.changed_at`)
  // As a BLOB: Node 22 cuts a TEXT off at its first NUL, and one key would answer for another.
  const due = db.prepare(
    `SELECT CAST(key AS BLOB) AS utf8, ${columns} FROM alarm WHERE due <= ? ORDER BY due, rowid LIMIT ?`,
  )
  const nextDue = db.prepare('SELECT due FROM alarm WHERE due IS NOT NULL ORDER BY due LIMIT 1')
  const forget = db.prepare(`
    DELETE FROM alarm WHERE rowid IN
      (SELECT rowid FROM alarm WHERE due IS NULL AND changed_at < ? ORDER BY changed_at LIMIT ${AT_A_TIME})`)
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

  return {
    read(key) {
      const row = read.get(key) as Omit<HeldAlarm, 'key'> | undefined
      return row && { ...row, key }
    },
    save(held) {
      const { key, time, fence, setBy, done, due, counted, uncounted, leasedUntil, holder, changedAt } = held
      save.run(key, time, fence, setBy, done, due, counted, uncounted, leasedUntil, holder, changedAt)
    },
    due(now, limit) {
      const rows = due.all(now, Math.min(limit, AT_A_TIME)) as unknown as (HeldAlarm & { utf8: Uint8Array })[]
      return rows.map(({ utf8, ...held }) => ({ ...held, key: decoder.decode(utf8) }))
    },
    nextDue: () => (nextDue.get() as { due: AlarmTime } | undefined)?.due ?? null,
    forget: (now) => forget.run(now - DAY).changes === AT_A_TIME,
  }
}
