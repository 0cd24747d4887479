import { DatabaseSync } from 'node:sqlite'
import { AlarmFencedError, type AlarmTime } from '../../src/index.ts'

/** The state beside an alarm: the nth that one process has made of it. */
export interface Version {
  readonly by: string
  readonly number: number
}

/** A durable store, as it is seen from outside. */
export interface Store {
  /** what it durably holds */
  read(key: string): AlarmTime
  /** whether this version of the state is, or was, durable */
  holds(key: string, version: Version): boolean
  close(): void
}

/** A store in memory: a commit is fenced by its epoch. */
export interface MemoryStore extends Store {
  open(key: string): { readonly time: AlarmTime; readonly epoch: number }
  commit(key: string, time: AlarmTime, epoch: number, version: Version): void
  /** The epoch of what this opening writes from here on; an opening comes after it. */
  raise(key: string, least: number, epoch: number): number
  /** It is begun again, as far as its epochs go. */
  restore(): void
}

export function memoryStore(firstEpoch: number): MemoryStore {
  const rows = new Map<string, { epoch: number; raised: number; time: AlarmTime }>()
  const versions = new Map<string, number>()
  const newest = (key: string, by: string): number => versions.get(`${key}/${by}`) ?? 0
  const owned = (key: string, epoch: number) => {
    const row = rows.get(key)
    if (row === undefined || row.epoch !== epoch) throw new AlarmFencedError(key, epoch, row?.epoch)
    return row
  }
  return {
    read: (key) => rows.get(key)?.time ?? null,
    holds: (key, { by, number }) => number <= newest(key, by),
    open(key) {
      const row = rows.get(key) ?? { epoch: firstEpoch, raised: 0, time: null }
      row.epoch = Math.max(row.epoch, row.raised) + 1
      row.raised = 0
      rows.set(key, row)
      return { time: row.time, epoch: row.epoch }
    },
    raise(key, least, epoch) {
      const row = owned(key, epoch)
      row.raised = Math.max(row.raised, least)
      return row.raised
    },
    restore() {
      for (const row of rows.values()) row.epoch = row.raised = 0
    },
    commit(key, time, epoch, { by, number }) {
      owned(key, epoch).time = time
      versions.set(`${key}/${by}`, Math.max(newest(key, by), number))
    },
    close() {},
  }
}

/** The statement that makes a version of the state durable, in a file of many actors. */
export const STATE = 'CREATE TABLE IF NOT EXISTS state (key TEXT, by TEXT, number INTEGER)'
export const CHANGE = 'INSERT INTO state VALUES (?, ?, ?)'

/** A file of many actors, read through a connection of its own. */
export function fileStore(file: string): Store {
  const db = new DatabaseSync(file)
  const alarm = db.prepare('SELECT alarm FROM _nolater_actors WHERE key = ?')
  const state = db.prepare('SELECT 1 FROM state WHERE key = ? AND by = ? AND number = ?')
  return {
    read: (key) => (alarm.get(key)?.alarm as AlarmTime | undefined) ?? null,
    holds: (key, { by, number }) => number === 0 || state.get(key, by, number) !== undefined,
    close: () => db.close(),
  }
}
