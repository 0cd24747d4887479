import type { DatabaseSync } from 'node:sqlite'
import type { AlarmError } from '../vocabulary/errors.ts'
import { refused, reserved } from './sql-refused.ts'
import { RESERVED } from './store-file.ts'

/** What came of compiling a statement. */
export interface Judgement<T> {
  readonly result: T
  /** whether SQLite says that it changes something; `null` where Node cannot ask */
  readonly writes: boolean | null
}

const OK = 0
const DENY = 1
/** SELECT, READ, FUNCTION, RECURSIVE; and PRAGMA, which the words judge: some take effect as they are compiled */
const READS = new Set([21, 20, 31, 33, 19])
/** TRANSACTION, SAVEPOINT, ATTACH, DETACH */
const ENDS = new Set([22, 32, 24, 25])
/** ANALYZE and REINDEX are of all tables, the store's too */
const UPKEEP = new Set([28, 27])

/** Compiles with SQLite as the judge of what a statement does, and not its text: what changes a table of the store is refused. */
export function judge<T>(db: DatabaseSync, compile: () => T): Judgement<T> {
  if (typeof db.setAuthorizer !== 'function') return { result: compile(), writes: null }
  let writes = false
  let denied: AlarmError | null = null
  db.setAuthorizer((action, first, second) => {
    if (READS.has(action)) return OK
    writes = true
    if (ENDS.has(action))
      denied = refused('It reaches beyond the transactions of the store. Use store.transaction(fn)')
    if (ENDS.has(action)) return DENY
    if (UPKEEP.has(action) || !(isReserved(first) || isReserved(second))) return OK
    denied = reserved()
    return DENY
  })
  try {
    return { result: compile(), writes }
  } catch (error) {
    throw denied ?? error
  } finally {
    db.setAuthorizer(null)
  }
}

function isReserved(name: string | null): boolean {
  return name?.toLowerCase().startsWith(RESERVED) ?? false
}
