import type { ClientBase } from 'pg'
import { endsForOthers } from './fleet-errors.ts'

const COMMENTS = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|;)+/
const ENDS =
  /^(?:begin|start|commit|end|abort|rollback|savepoint|release|prepare\s+transaction|set|reset|discard)\b/i

type Asked = string | { readonly text?: unknown; readonly [option: string]: unknown }

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
        const word = ENDS.exec(String(text).replace(COMMENTS, ''))?.[0]
        if (word !== undefined) return Promise.reject(endsForOthers(word.toUpperCase()))
        // The extended protocol takes one statement, and no more behind a semicolon.
        const one = typeof asked === 'string' ? { text: asked } : asked
        const isPlain = typeof text === 'string'
        return value.call(target, isPlain ? { ...one, queryMode: 'extended' } : asked, ...more)
      }
    },
  })
}
