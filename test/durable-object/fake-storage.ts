import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { ObjectStorage } from '../../src/durable-object/index.ts'

/** A Durable Object's storage as far as timers use it: what a turn writes is in one transaction, the alarm too, until it is committed. */
export interface FakeStorage extends ObjectStorage {
  /** what is committed, and what is not */
  readonly alarm: number | null
  /** the options of each set and deletion of the alarm */
  readonly options: unknown[]
  /** how often the alarm was set or deleted */
  readonly moves: number
  readonly commits: number
  /** thrown by the next statement that has this in it */
  failing: string | null
  commit(): void
  /** What is not committed is lost. */
  kill(): void
  deleteAll(): void
  tables(): string[]
  /** Delivers the alarm as the platform does: its success deletes it, unless the handler has set one. */
  wake(alarm: (info: { retryCount: number; scheduledTime: number }) => unknown): Promise<void>
}

export function fakeStorage(): FakeStorage {
  const db = new DatabaseSync(':memory:')
  db.exec('CREATE TABLE cf_alarm (time INTEGER)')
  const options: unknown[] = []
  let [commits, isOpen, isConsumed] = [0, false, false]

  const begin = (): void => {
    if (!isOpen) db.exec('BEGIN')
    isOpen = true
  }
  const read = (): number | null =>
    (db.prepare('SELECT time FROM cf_alarm').get() as { time: number } | undefined)?.time ?? null
  const move = async (time: number | null, given?: object): Promise<void> => {
    options.push(given)
    begin()
    isConsumed = false
    db.exec('DELETE FROM cf_alarm')
    if (time !== null) db.prepare('INSERT INTO cf_alarm VALUES (?)').run(time)
  }

  const storage: FakeStorage = {
    sql: {
      exec(query, ...bindings) {
        if (storage.failing !== null && query.includes(storage.failing)) throw new Error('disk I/O error')
        if (!/^\s*SELECT/i.test(query)) begin()
        if (bindings.length === 0 && query.includes(';')) {
          db.exec(query)
          return []
        }
        return db.prepare(query).all(...(bindings as SQLInputValue[])) as Record<string, unknown>[]
      },
    },
    getAlarm: async () => (isConsumed ? null : read()),
    setAlarm: (time, given) => move(time, given),
    deleteAlarm: (given) => move(null, given),
    transactionSync(work) {
      begin()
      db.exec('SAVEPOINT user')
      try {
        return work()
      } catch (error) {
        db.exec('ROLLBACK TO user')
        throw error
      } finally {
        db.exec('RELEASE user')
      }
    },
    sync: async () => storage.commit(),
    failing: null,
    options,
    get alarm() {
      return read()
    },
    get moves() {
      return options.length
    },
    get commits() {
      return commits
    },
    commit() {
      if (isOpen) db.exec('COMMIT')
      if (isOpen) commits++
      isOpen = false
    },
    kill() {
      if (isOpen) db.exec('ROLLBACK')
      isOpen = false
      isConsumed = false
    },
    deleteAll() {
      begin()
      for (const name of storage.tables()) db.exec(`DROP TABLE ${name}`)
      db.exec('DELETE FROM cf_alarm')
    },
    tables: () =>
      db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'cf_alarm' ORDER BY name")
        .all()
        .map(({ name }) => name as string),
    async wake(alarm) {
      const scheduledTime = read()
      if (scheduledTime === null) throw new Error('There is no alarm to deliver.')
      isConsumed = true
      await alarm({ retryCount: 0, scheduledTime })
      if (isConsumed) await move(null)
      storage.commit()
    },
  }
  return storage
}
