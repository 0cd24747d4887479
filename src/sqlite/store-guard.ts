import type { DatabaseSync } from 'node:sqlite'
import { AlarmError } from '../errors.ts'
import { RESERVED } from './store-file.ts'

/** Watches the statements of the user while SQLite compiles them. */
export interface Guard {
  /** Runs what compiles or runs a user's statement; throws where it is one that the store must refuse. */
  watch<T>(work: () => T): T
  /** whether the last one changes anything */
  readonly writes: boolean
}

const READS = new Set(['SQLITE_SELECT', 'SQLITE_READ', 'SQLITE_FUNCTION', 'SQLITE_RECURSIVE'])
const UPKEEP = new Set(['SQLITE_ANALYZE', 'SQLITE_REINDEX']) // of all tables, the store's too

const OURS = 'The store begins and ends its transactions, with the alarm in them. Use store.transaction(fn)'
const ONE_FILE =
  'ATTACH, DETACH and VACUUM reach beyond the transactions of the one file of an actor. Do without'
const REFUSED: Record<string, string> = {
  SQLITE_TRANSACTION: OURS,
  SQLITE_SAVEPOINT: OURS,
  SQLITE_ATTACH: ONE_FILE,
  SQLITE_DETACH: ONE_FILE,
}

const words = (list: string): Set<string> => new Set(list.trim().split(/\s+/))

const SETTABLE_PRAGMAS = words('application_id defer_foreign_keys user_version')
const INSPECTING_PRAGMAS = words(`
  foreign_key_check foreign_key_list index_info index_list index_xinfo integrity_check quick_check
  table_info table_list table_xinfo`)
const READING_PRAGMAS = words(`
  collation_list compile_options data_version database_list encoding foreign_keys freelist_count
  function_list module_list page_count page_size`)

/** SQLite's own parser tells what a statement does; reading its text could be deceived. */
export function guard(db: DatabaseSync): Guard {
  const { constants } = process.getBuiltinModule('node:sqlite')
  const names = new Map<number, string>()
  for (const [name, value] of Object.entries(constants)) {
    if (!/^SQLITE_(CHANGESET_|OK$|DENY$|IGNORE$)/.test(name)) names.set(value, name)
  }
  let isWatching = false
  let writes = false
  let refusal: string | null = null

  db.setAuthorizer((code, first, second) => {
    if (!isWatching) return constants.SQLITE_OK
    const action = names.get(code) ?? ''
    if (READS.has(action)) return constants.SQLITE_OK
    refusal ??= refuse(action, first, second)
    if (refusal !== null) return constants.SQLITE_DENY
    writes ||= action !== 'SQLITE_PRAGMA' || (second !== null && SETTABLE_PRAGMAS.has(lower(first)))
    return constants.SQLITE_OK
  })

  return {
    get writes() {
      return writes
    },
    watch(work) {
      isWatching = true
      writes = false
      refusal = null
      try {
        return work()
      } catch (cause) {
        if (refusal === null) throw cause
        throw new AlarmError('ALARM_SQL_REFUSED', `${refusal}; the statement was refused.`, { cause })
      } finally {
        isWatching = false
      }
    },
  }
}

function refuse(action: string, first: string | null, second: string | null): string | null {
  if (action in REFUSED) return REFUSED[action] as string
  if (action === 'SQLITE_PRAGMA') {
    return isHarmless(lower(first), second) ? null : `PRAGMA ${first} could undo what the store relies on`
  }
  if (UPKEEP.has(action)) return null
  const isReserved = lower(first).startsWith(RESERVED) || lower(second).startsWith(RESERVED)
  return isReserved
    ? `Names that begin with ${RESERVED} are the store's own. Use another name, or read only`
    : null
}

const lower = (name: string | null): string => name?.toLowerCase() ?? ''

function isHarmless(pragma: string, argument: string | null): boolean {
  if (SETTABLE_PRAGMAS.has(pragma) || INSPECTING_PRAGMAS.has(pragma)) return true
  return argument === null && READING_PRAGMAS.has(pragma)
}
