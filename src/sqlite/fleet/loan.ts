import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite'
import { changeOver, endsForOthers } from '../../changes/change-errors.ts'
import type { FleetTransaction } from '../../fleet/actor-fleet.ts'
import { given } from '../../vocabulary/given.ts'
import { keptStatements } from '../kept-statements.ts'
import { refused } from '../sql-refused.ts'
import { rolledBack } from '../stores-errors.ts'
import { afterBlanks } from '../user-statement.ts'

/** A transaction for as long as the function lasts that it is lent to: what comes later would be in another one. */
export interface Loan {
  readonly tx: FleetTransaction
  /** Throws where it is over, or the transaction is. */
  check(): void
  end(): void
}

const ENDS = /^(?:begin|commit|end|rollback|savepoint|release)\b/i
const SETTINGS = 'a connection of your own'
const CHANGES = /^(?:insert|replace|update|delete|with)\b/i

/** Lends the transaction that is open on a connection. */
export function lendTransactions(db: DatabaseSync, file: string): (key: string) => Loan {
  const compile = keptStatements(db, 'Ask for one after the other')
  const changes = db.prepare('SELECT changes() AS rows')

  function run(text: string, values: readonly unknown[]): { rows: unknown[]; rowCount: number | null } {
    const own = afterBlanks(text)
    const word = ENDS.exec(own)?.[0]
    if (word !== undefined) throw endsForOthers(word.toUpperCase(), SETTINGS)
    const { statement, writes } = compile(text)
    if (writes && /^pragma\b/i.test(own)) throw endsForOthers('PRAGMA', SETTINGS)
    const rows = statement.iterate(bound(own, values))
    try {
      const all: Record<string, SQLOutputValue>[] = Array.from(rows)
      if (!writes) return { rows: all, rowCount: all.length }
      return { rows: all, rowCount: CHANGES.test(own) ? (changes.get() as { rows: number }).rows : null }
    } finally {
      rows.return?.() // a row that cannot be read would leave the statement open, and nothing could be committed
    }
  }

  return (key) => {
    let isOver = false
    const check = (): void => {
      if (isOver) throw changeOver(key)
      if (!db.isTransaction) throw rolledBack(file)
    }
    return {
      tx: {
        async query(text, values = []) {
          check()
          return run(text, values)
        },
      },
      check,
      end() {
        isOver = true
      },
    }
  }
}

const TOKENS =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|(?<![\w$])\$(?:(\d+)\b|\w+)|\?\d*|[:@]\w+/g

/** SQLite takes $2 for a name, and would number it by its place in the text. */
function bound(text: string, values: readonly unknown[]): Record<string, SQLInputValue> {
  const names = new Set<number>()
  for (const [token, number] of text.matchAll(TOKENS)) {
    if (number !== undefined) names.add(Number(number))
    else if (/^[?:@$]/.test(token)) throw refused(`A parameter is $1, $2 and so on, given ${given(token)}`)
  }
  const most = Math.max(0, ...names)
  if (most !== values.length || names.size !== most || names.has(0))
    throw refused(
      `The statement has ${names.size} parameters, the last one $${most}, given ${values.length} values`,
    )
  return Object.fromEntries(values.map((value, i) => [`$${i + 1}`, asInput(value)]))
}

/** As pg takes them, where SQLite has no such type. */
function asInput(value: unknown): SQLInputValue {
  if (typeof value === 'boolean') return value ? 1 : 0
  return value === undefined ? null : (value as SQLInputValue)
}
