import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { given } from '../vocabulary/given.ts'
import { judge } from './authorize.ts'
import { refused, reserved } from './sql-refused.ts'
import { RESERVED } from './store-file.ts'

/** A statement of the user, compiled, and known to be none that the store must refuse. */
export interface UserStatement {
  readonly statement: StatementSync
  readonly writes: boolean
  /** what comes after it in the text; empty where that is only blanks and comments */
  readonly rest: string
}

const words = (list: string): Set<string> => new Set(list.trim().split(/\s+/))

const READS = words('SELECT VALUES EXPLAIN')
const WRITES = words('INSERT REPLACE UPDATE DELETE CREATE DROP ALTER')
const UPKEEP = words('ANALYZE REINDEX') // of all tables, the store's too
const TRANSACTIONS = words('BEGIN COMMIT END ROLLBACK SAVEPOINT RELEASE')
const OTHER_FILES = words('ATTACH DETACH VACUUM')

const SETTABLE_PRAGMAS = words('application_id defer_foreign_keys user_version')
const INSPECTING_PRAGMAS = words(`
  foreign_key_check foreign_key_list index_info index_list index_xinfo integrity_check quick_check
  table_info table_list table_xinfo`)
const READING_PRAGMAS = words(`
  collation_list compile_options data_version database_list encoding foreign_keys freelist_count
  function_list module_list page_count page_size`)

/**
 * Compiles the first statement of a text. Throws `ALARM_SQL_REFUSED` where it could undo what the store relies on.
 *
 * SQLite says where it ends, and, where Node has `setAuthorizer`, what it does. Node 22 has not: there its first word and the names in it
 * tell, and where the text leaves a doubt, it is refused: nothing else keeps the alarm with the state.
 */
export function compile(db: DatabaseSync, sql: string): UserStatement {
  const text = afterBlanks(sql)
  if (text === '') throw refused('There is no statement in it')
  if (text.includes('\0'))
    throw refused('SQLite reads no further than a NUL character. Bind it as a parameter')
  const verb = /^[a-z]*/i.exec(text)![0].toUpperCase()
  refuseVerb(verb)
  const pragma = verb === 'PRAGMA' ? checkPragma(text) : null
  if (verb === 'EXPLAIN' && /\bpragma\b/i.test(text))
    throw refused('A PRAGMA takes effect while it is explained')

  const prepare = () => db.prepare(text)
  const judgement = verb === 'EXPLAIN' ? { result: prepare(), writes: false } : judge(db, prepare)
  const statement = judgement.result
  const own = statement.sourceSQL
  const writes = pragma?.isSet ?? judgement.writes ?? doesWrite(verb, own)
  // A trigger or a view says what it does when it is used; a cached statement is then compiled again, unjudged.
  const isUnjudged = judgement.writes === null || verb === 'CREATE' || verb === 'ALTER'
  if (isUnjudged && writes && !UPKEEP.has(verb) && own.toLowerCase().includes(RESERVED)) {
    throw reserved()
  }
  return { statement, writes, rest: afterBlanks(text.slice(own.length)) }
}

/** The text from where its first statement begins. */
export function afterBlanks(sql: string): string {
  if (typeof sql !== 'string') throw refused(`A statement is a string, given ${given(sql)}`)
  return sql.slice(/^(?:[\s;]+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))*/.exec(sql)![0].length)
}

function refuseVerb(verb: string): void {
  if (TRANSACTIONS.has(verb)) {
    throw refused(
      'The store begins and ends its transactions, with the alarm in them. Use store.transaction(fn)',
    )
  }
  if (OTHER_FILES.has(verb)) {
    throw refused(
      'ATTACH, DETACH and VACUUM reach beyond the transactions of the one file of an actor. Do without',
    )
  }
}

/** Before it is compiled: some take effect already then. */
function checkPragma(text: string): { readonly isSet: boolean } {
  const plain = text.replace(/--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|[ \t\n\f\r]/g, ' ').replace(/ +/g, ' ')
  const parts = /^pragma (?:(?:main|temp) ?\. ?)?(\w+) ?(=[^;]+|\([^;]*)?(?:;|$)/i.exec(plain)
  const name = parts?.[1]?.toLowerCase() ?? ''
  const hasArgument = parts?.[2] !== undefined
  if (SETTABLE_PRAGMAS.has(name)) return { isSet: hasArgument }
  if (INSPECTING_PRAGMAS.has(name) || (READING_PRAGMAS.has(name) && !hasArgument)) return { isSet: false }
  throw refused(`PRAGMA ${name} could undo what the store relies on`)
}

function doesWrite(verb: string, own: string): boolean {
  if (verb === 'WITH') return /\b(?:insert|replace|update|delete)\b/i.test(own)
  if (READS.has(verb)) return false
  if (WRITES.has(verb) || UPKEEP.has(verb)) return true
  throw refused(`${given(verb)} begins no statement that the store knows`)
}
