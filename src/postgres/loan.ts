import type { PoolClient } from 'pg'
import { functionOver } from './turn-errors.ts'

/** A client for as long as the function lasts that it is lent to: what comes later would be in another transaction. */
export function loanOf(client: PoolClient): { readonly client: PoolClient; end(): void } {
  let isOver = false
  const lent = new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return name === 'query' && isOver ? () => Promise.reject(functionOver()) : value.bind(target)
    },
  })
  return {
    client: lent,
    end() {
      isOver = true
    },
  }
}
