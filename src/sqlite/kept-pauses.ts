import type { DatabaseSync } from 'node:sqlite'
import { noPauses, type Pauses } from '../ledger/pauses.ts'

/** What is paused in a file. */
export interface KeptPauses {
  pauses(): Pauses
  keepPauses(pauses: Pauses): void
}

export function pausesIn(db: DatabaseSync): KeptPauses {
  const read = db.prepare('SELECT generation, scopes FROM pauses')
  const keep = db.prepare('INSERT OR REPLACE INTO pauses (id, generation, scopes) VALUES (0, ?, ?)')
  return {
    pauses() {
      const row = read.get() as { readonly generation: number; readonly scopes: string } | undefined
      return row === undefined ? noPauses : { generation: row.generation, scopes: JSON.parse(row.scopes) }
    },
    keepPauses: ({ generation, scopes }) => void keep.run(generation, JSON.stringify(scopes)),
  }
}
