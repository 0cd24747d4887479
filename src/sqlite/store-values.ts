import type { DatabaseSync } from 'node:sqlite'
import { deserialize } from 'node:v8'
import { checkConfirmation, checkNames } from '../vocabulary/check-names.ts'
import { checkKey } from '../vocabulary/key.ts'
import { afterPrefix } from './after-prefix.ts'
import { pack } from './pack-value.ts'
import type { Turns } from './store-turn.ts'

interface Row {
  readonly utf8: Uint8Array
  readonly value: Uint8Array
}

/** The actor's values by key. */
export interface StoreValues {
  /** A copy of what was put, `undefined` if there is nothing. */
  get<T = unknown>(key: string): T | undefined

  /**
   * Puts what structuredClone accepts, except `undefined`. It closes the output gate unless `allowUnconfirmed`.
   *
   * Throws `ALARM_KEY_INVALID` for a key of more than 1024 UTF-16 units or a lone surrogate, `ALARM_VALUE_INVALID` for a value that
   * cannot be kept, before anything has changed.
   */
  put(key: string, value: unknown, options?: { allowUnconfirmed?: boolean }): void

  /** Whether there was something to delete. */
  delete(key: string, options?: { allowUnconfirmed?: boolean }): boolean

  /** All values whose keys begin with `prefix`, in the order of their code points. */
  list<T = unknown>(options?: { prefix?: string }): Map<string, T>
}

export function storeValues(db: DatabaseSync, turns: Turns): StoreValues {
  const read = db.prepare('SELECT value FROM _nolater_values WHERE key = ?')
  const write = db.prepare(
    'INSERT INTO _nolater_values VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  )
  const remove = db.prepare('DELETE FROM _nolater_values WHERE key = ?')
  // As a BLOB: Node 22 cuts a TEXT off at its first NUL, and one key would hide another.
  const listed = 'SELECT CAST(key AS BLOB) AS utf8, value FROM _nolater_values'
  const from = db.prepare(`${listed} WHERE key >= ? ORDER BY key`)
  const range = db.prepare(`${listed} WHERE key >= ? AND key < ? ORDER BY key`)
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

  return {
    get<T>(key: string) {
      turns.check()
      const row = read.get(checkKey(key)) as Pick<Row, 'value'> | undefined
      return row && (deserialize(row.value) as T)
    },
    put(key, value, options) {
      const bytes = pack(checkKey(key), value)
      turns.join(() => {
        write.run(key, bytes)
        turns.touch(options)
      })
    },
    delete(key, options) {
      checkConfirmation(options)
      return turns.join(() => {
        const isGone = remove.run(checkKey(key)).changes > 0
        if (isGone) turns.touch(options)
        return isGone
      })
    },
    list<T>(options: { prefix?: string } = {}) {
      checkNames('list', options, { prefix: true })
      const { prefix = '' } = options
      turns.check()
      const end = afterPrefix(checkKey(prefix))
      const rows = (end === null ? from.all(prefix) : range.all(prefix, end)) as unknown as Row[]
      return new Map(rows.map(({ utf8, value }) => [decoder.decode(utf8), deserialize(value) as T]))
    },
  }
}
