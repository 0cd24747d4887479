import type { ClientBase } from 'pg'
import { endsForOthers } from '../../changes/change-errors.ts'

const SETTINGS = 'the pool, or for one statement (set_config)'

const ENDS =
  /^(?:begin|start|commit|end|abort|rollback|savepoint|release|prepare\s+transaction|set|reset|discard)\b/i

type Asked =
  | string
  | { readonly text?: unknown; readonly submit?: unknown; readonly [option: string]: unknown }

/**
 * A client whose statements stay inside of a savepoint that is not theirs: each is one statement, and none of those that begin or end a
 * transaction, or would go on for what comes after it there.
 */
export function ownStatements(client: ClientBase): ClientBase {
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name !== 'query') return value.bind(target)
      return (asked: Asked, ...more: unknown[]) => {
        const text = typeof asked === 'string' ? asked : asked?.text
        const word = ENDS.exec(withoutComments(String(text)))?.[0]
        if (word !== undefined) return Promise.reject(endsForOthers(word.toUpperCase(), SETTINGS))
        // The extended protocol takes one statement, and no more behind a semicolon.
        const one = typeof asked === 'string' ? { text: asked } : asked
        const isPlain = typeof text === 'string' && typeof one?.submit !== 'function' // a cursor is one statement as it is
        return value.call(target, isPlain ? { ...one, queryMode: 'extended' } : asked, ...more)
      }
    },
  })
}

const SPACE = /^(?:\s|;|--[^\n]*(?:\n|$))+/

/** From its first word on. Comments of PostgreSQL may stand in comments. */
function withoutComments(text: string): string {
  let rest = text
  for (;;) {
    rest = rest.replace(SPACE, '')
    if (!rest.startsWith('/*')) return rest
    let depth = 0
    let end = 0
    for (const { 0: mark, index } of rest.matchAll(/\/\*|\*\//g)) {
      depth += mark === '/*' ? 1 : -1
      end = index + 2
      if (depth === 0) break
    }
    rest = rest.slice(end)
  }
}
