import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import { keptStatements } from './kept-statements.ts'
import type { Turns } from './store-turn.ts'
import { afterBlanks, compile } from './user-statement.ts'

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

/** What the statements of the user belong to. */
export type SqlTurns = Pick<Turns, 'check' | 'join'> & { touch(): void }

export function storeSql(db: DatabaseSync, turns: SqlTurns): StoreSql {
  const only = keptStatements(db, 'For a script use exec(sql), without parameters')

  function use<T>(sql: string, work: (statement: StatementSync) => T): T {
    turns.check()
    const { statement, writes } = only(sql)
    return writes ? turns.join(() => changed(work(statement))) : work(statement)
  }

  function changed<T>(result: T): T {
    turns.touch()
    return result
  }

  /** One after the other: what comes may speak of tables that were only just made. */
  function script(sql: string): void {
    for (let rest = afterBlanks(sql); rest !== ''; ) {
      const compiled = compile(db, rest)
      compiled.statement.run() // what it selects is of no use
      if (compiled.writes) turns.touch()
      rest = compiled.rest
    }
  }

  return {
    exec(sql, ...parameters) {
      if (parameters.length > 0) use(sql, (statement) => statement.run(...parameters))
      else turns.join(() => script(sql))
    },
    run: (sql, ...parameters) => use(sql, (statement) => statement.run(...parameters)),
    get: <Row>(sql: string, ...parameters: SqlParameter[]) =>
      use(sql, (statement) => statement.get(...parameters) as Row | undefined),
    all: <Row>(sql: string, ...parameters: SqlParameter[]) =>
      // Not all(): Node 22 names the columns before SQLite has looked whether the table has others by now.
      use(sql, (statement) => {
        const rows = statement.iterate(...parameters)
        try {
          return Array.from(rows) as Row[]
        } finally {
          rows.return?.() // a row that cannot be read would leave the statement open, and nothing could be committed
        }
      }),
  }
}
