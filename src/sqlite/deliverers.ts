import type { DatabaseSync } from 'node:sqlite'
import type { KeptDeliverer, Minute } from '../ledger/activity.ts'

/** Which processes deliver from a file. */
export interface Deliverers {
  seen(deliverer: KeptDeliverer): void
  gone(holder: string): void
  deliverers(): KeptDeliverer[]
}

const KEPT = 3_600_000 // ms after the last report of a process that died: long enough to find out what became of it

type Row = Omit<KeptDeliverer, 'minute'> & { readonly minute: string }

export function deliverersIn(db: DatabaseSync): Deliverers {
  const seen = db.prepare(
    'INSERT OR REPLACE INTO deliverer (holder, process, since, seen, minute) VALUES (?, ?, ?, ?, ?)',
  )
  const forget = db.prepare('DELETE FROM deliverer WHERE seen < ?')
  const gone = db.prepare('DELETE FROM deliverer WHERE holder = ?')
  const all = db.prepare('SELECT holder, process, since, seen, minute FROM deliverer ORDER BY since, holder')
  return {
    seen({ holder, process, since, seen: at, minute }) {
      seen.run(holder, process, since, at, JSON.stringify(minute))
      forget.run(at - KEPT)
    },
    gone: (holder) => void gone.run(holder),
    deliverers: () =>
      (all.all() as unknown as Row[]).map(({ minute, ...row }) => ({
        ...row,
        minute: JSON.parse(minute) as Minute,
      })),
  }
}
