import type { DatabaseSync } from 'node:sqlite'
import { RESCHEDULED } from '../../ledger/held-alarm.ts'
import type { Pace } from './pace.ts'
import type { Rescheduled } from './rescheduled.ts'
import { keyOf, type OfKey } from './rows-of.ts'
import { unreadableRows } from './unreadable-row.ts'

const AT_A_TIME = 20_000 // rows of one statement: some 10 ms
const APART = 1_000 // ms that two clocks may differ by
const NAMED = 1_000 // rows of each kind

export const UNREADABLE = unreadableRows('last_error IS NOT NULL AND NOT json_valid(last_error)')

/** What the rows of a manager say of themselves. */
export interface Scanned {
  /** how many were written later than it was when they were read */
  readonly late: number
  /** the keys of those that no manager writes */
  readonly unreadable: readonly string[]
  readonly rescheduled: readonly Rescheduled[]
}

/** Looks at each row, by ranges of the rowid: one statement over a million would hold up everything else. */
export async function scanAlarms(db: DatabaseSync, pace: Pace): Promise<Scanned> {
  const next = db.prepare('SELECT min(rowid) AS first FROM alarm WHERE rowid > ?')
  const within = 'FROM alarm WHERE rowid BETWEEN ? AND ?'
  const count = db.prepare(
    `SELECT count(*) AS whole, count(*) FILTER (WHERE changed_at > ?) AS late ${within}`,
  )
  const bad = db.prepare(`SELECT CAST(key AS BLOB) AS utf8 ${within} AND (${UNREADABLE}) LIMIT ?`)
  const putOff = db.prepare(
    `SELECT CAST(key AS BLOB) AS utf8, time, due ${within} AND ${RESCHEDULED} AND (${UNREADABLE}) IS NOT TRUE LIMIT ?`,
  )
  const unreadable: string[] = []
  const rescheduled: Rescheduled[] = []
  let late = 0
  for (let last = 0; ; ) {
    const { first } = next.get(last) as { first: number | null }
    if (first === null) return { late, unreadable, rescheduled }
    last = first + AT_A_TIME - 1
    const counted = count.get(Date.now() + APART, first, last) as { whole: number; late: number }
    late += counted.late
    const found = bad.all(first, last, NAMED - unreadable.length) as unknown as OfKey<unknown>[]
    unreadable.push(...found.map(keyOf))
    const later = putOff.all(first, last, NAMED - rescheduled.length) as unknown as OfKey<Rescheduled>[]
    rescheduled.push(...later.map(({ time, due, ...row }) => ({ key: keyOf(row), time, due })))
    await pace(counted.whole)
  }
}
