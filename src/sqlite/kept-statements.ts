import type { DatabaseSync } from 'node:sqlite'
import { AlarmError } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'
import { compile, type UserStatement } from './user-statement.ts'

const KEPT = 100

/** Compiles texts of one statement each, and keeps the last ones. Throws `ALARM_SQL_REFUSED`; where there are several, with this advice. */
export function keptStatements(db: DatabaseSync, advice: string): (sql: string) => UserStatement {
  const kept = new Map<string, UserStatement>()
  return (sql) => {
    const known = kept.get(sql)
    if (known !== undefined) return known
    const compiled = compile(db, sql)
    if (compiled.rest !== '') {
      throw new AlarmError(
        'ALARM_SQL_REFUSED',
        `This takes one statement at a time, given one and ${given(compiled.rest)}. ${advice}.`,
      )
    }
    if (kept.size === KEPT) kept.delete(kept.keys().next().value as string)
    kept.set(sql, compiled)
    return compiled
  }
}
