import type { DatabaseSync } from 'node:sqlite'
import type { KeptDeliverer, Past } from '../ledger/activity.ts'
import { hasDied } from '../ledger/has-died.ts'
import { GONE, goneText, keptOf } from '../ledger/kept-minute.ts'
import { type Look, MINUTE } from '../ledger/stats.ts'
import type { Deliverer } from '../vocabulary/manager-stats.ts'

/** Which processes deliver from a file. */
export interface Deliverers {
  seen(deliverer: KeptDeliverer): void
  gone(deliverer: Deliverer, past: readonly Past[]): void
  deliverers(): Pick<Look, 'deliverers' | 'gone'>
  hasDied(holder: string, now: number): boolean
  /** After the wall clock was set by so many ms: a report is as old as it was. */
  shiftReports(by: number): void
}

const KEPT = 3_600_000 // ms after the last report of a process that died: long enough to find out what became of it

type Row = Omit<KeptDeliverer, 'minute'> & { readonly minute: string }

export function deliverersIn(db: DatabaseSync): Deliverers {
  const seen = db.prepare(
    'INSERT OR REPLACE INTO deliverer (holder, process, since, seen, minute) VALUES (?, ?, ?, ?, ?)',
  )
  const forget = db.prepare(`DELETE FROM deliverer WHERE seen < ? OR (seen < ? AND ${GONE})`)
  const gone = db.prepare('DELETE FROM deliverer WHERE holder = ?')
  const all = db.prepare('SELECT holder, process, since, seen, minute FROM deliverer ORDER BY since, holder')
  const shift = db.prepare('UPDATE deliverer SET since = since + ?, seen = seen + ?')
  const deliverers = () => keptOf(all.all() as unknown as Row[])
  return {
    seen({ holder, process, since, seen: at, minute }) {
      seen.run(holder, process, since, at, JSON.stringify(minute))
      forget.run(at - KEPT, at - MINUTE)
    },
    gone({ holder, process, since, seen: at }, past) {
      if (past.length > 0) seen.run(holder, process, since, at, goneText(past))
      else gone.run(holder)
    },
    deliverers,
    hasDied(holder, now) {
      const deliverer = deliverers().deliverers.find((each) => each.holder === holder)
      return deliverer !== undefined && hasDied(deliverer, now)
    },
    shiftReports: (by) => void shift.run(by, by),
  }
}
