import { DatabaseSync } from 'node:sqlite'

export interface SharedStore {
  commit(key: string, time: number | null): Promise<void>
  close(): void
}

/** Many actors' state in one file: what they commit in one turn of the event loop shares a transaction, and its fsync. */
export function openSharedStore(file: string): SharedStore {
  const db = new DatabaseSync(file)
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE actor (key TEXT PRIMARY KEY, alarm INTEGER) WITHOUT ROWID',
  )
  const save = db.prepare('INSERT INTO actor VALUES (?, ?) ON CONFLICT DO UPDATE SET alarm = excluded.alarm')
  let turn: { readonly key: string; readonly time: number | null; readonly done: () => void }[] = []

  function flush(): void {
    const all = turn
    turn = []
    db.exec('BEGIN IMMEDIATE')
    for (const { key, time } of all) save.run(key, time)
    db.exec('COMMIT')
    for (const { done } of all) done()
  }

  return {
    commit: (key, time) =>
      new Promise((done) => {
        if (turn.push({ key, time, done }) === 1) setImmediate(flush)
      }),
    close: () => db.close(),
  }
}
