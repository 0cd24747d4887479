import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import { AlarmError, given } from '../errors.ts'
import type { Guard } from './store-guard.ts'
import type { Turns } from './store-turn.ts'

/** What can be bound to a `?`: null, a number, a bigint, a string or bytes. */
export type SqlParameter = SQLInputValue
/** A row, by the names of its columns. */
export type SqlRow = Record<string, SQLOutputValue>

/** The actor's tables. What changes something belongs to the turn, or the transaction, in which it is called. */
export interface StoreSql {
  /** Runs a statement, or a script of several where there are no parameters: all of it, or nothing if one fails. */
  exec(sql: string, ...parameters: SqlParameter[]): void
  /** Runs one statement, and says how many rows it changed. */
  run(
    sql: string,
    ...parameters: SqlParameter[]
  ): { changes: number | bigint; lastInsertRowid: number | bigint }
  /** The first row, `undefined` if there is none. */
  get<Row = SqlRow>(sql: string, ...parameters: SqlParameter[]): Row | undefined
  /** All rows. */
  all<Row = SqlRow>(sql: string, ...parameters: SqlParameter[]): Row[]
}

interface Prepared {
  readonly statement: StatementSync
  readonly writes: boolean
}

const KEPT = 100

/** What the statements of the user belong to. */
export type SqlTurns = Pick<Turns, 'check' | 'join'> & { touch(): void }

export function storeSql(db: DatabaseSync, guard: Guard, turns: SqlTurns): StoreSql {
  const kept = new Map<string, Prepared>()

  function prepare(sql: string): Prepared {
    const known = kept.get(sql)
    if (known !== undefined) return known
    const statement = guard.watch(() => db.prepare(sql))
    const rest = sql.slice(sql.indexOf(statement.sourceSQL) + statement.sourceSQL.length)
    if (!isBlank(rest)) {
      throw new AlarmError(
        'ALARM_SQL_REFUSED',
        `This takes one statement at a time, given one and ${given(rest.trim())}. For a script use exec(sql), without parameters.`,
      )
    }
    if (kept.size === KEPT) kept.delete(kept.keys().next().value as string)
    const prepared = { statement, writes: guard.writes }
    kept.set(sql, prepared)
    return prepared
  }

  function use<T>(sql: string, work: (statement: StatementSync) => T): T {
    turns.check()
    const { statement, writes } = prepare(sql)
    // Watched again: SQLite compiles it anew when the schema has changed.
    const run = (): T => guard.watch(() => work(statement))
    return writes ? turns.join(() => changed(run())) : run()
  }

  function changed<T>(result: T): T {
    turns.touch()
    return result
  }

  return {
    exec(sql, ...parameters) {
      if (parameters.length > 0) return void use(sql, (statement) => statement.run(...parameters))
      turns.join(() => {
        guard.watch(() => db.exec(sql))
        if (guard.writes) turns.touch()
      })
    },
    run: (sql, ...parameters) => use(sql, (statement) => statement.run(...parameters)),
    get: <Row>(sql: string, ...parameters: SqlParameter[]) =>
      use(sql, (statement) => statement.get(...parameters) as Row | undefined),
    all: <Row>(sql: string, ...parameters: SqlParameter[]) =>
      use(sql, (statement) => statement.all(...parameters) as Row[]),
  }
}

function isBlank(sql: string): boolean {
  return /^[\s;]*$/.test(sql.replace(/--[^\n]*|\/\*[\s\S]*?(\*\/|$)/g, ''))
}
