import type { DatabaseSync } from 'node:sqlite'

/** so many keys in one statement, and not more */
export const AT_A_TIME = 500

/** A row of a key; the key as bytes, as Node 22 cuts a TEXT off at its first NUL. */
export type OfKey<Row> = Row & { readonly utf8: Uint8Array }

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export function keyOf({ utf8 }: OfKey<unknown>): string {
  return decoder.decode(utf8)
}

/** Prepares `select`, of which `utf8` is a column, for the rows of some keys: at most `AT_A_TIME`. Those without a row are left out. */
export function rowsOf<Row>(
  db: DatabaseSync,
  select: string,
): (keys: readonly string[]) => readonly OfKey<Row>[] {
  const some = db.prepare(`${select} WHERE key IN (${Array(AT_A_TIME).fill('?').join()})`)
  return (keys) => {
    const none = Array<null>(AT_A_TIME - keys.length).fill(null)
    return some.all(...keys, ...none) as unknown as OfKey<Row>[]
  }
}
