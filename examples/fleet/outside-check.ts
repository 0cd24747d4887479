import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { AlarmTime } from 'nolater'
import type { JournalLine } from './journal.ts'
import { type Judgement, judge } from './judge.ts'
import { isLate, lookSoundly } from './sound-look.ts'

/** An alarm that its manager holds for later than its store: the one thing that must never be. */
export interface Late {
  readonly key: string
  readonly store: AlarmTime
  readonly manager: AlarmTime
  /** when it was seen */
  readonly at: number
}

export interface Actors {
  readonly keys: readonly string[]
  fileOf(index: number): string
}

/**
 * Looks at the databases from outside, and never asks the engine. Its connections are read-only: what it finds wrong stays wrong.
 */
export interface OutsideCheck {
  /** A look at one actor. `null` where nothing can be said: it does not exist yet, or was committed to in the middle of the look. */
  look(index: number): { readonly late: Late | null } | null
  /** All actors. Exact only while nobody writes. */
  lookAtAll(): { readonly late: readonly Late[]; readonly looks: number }
  /** The highest line of the script that each actor has committed. */
  answered(): Map<string, number>
  /** Alarms up to `until` that a store or the manager still has. */
  owed(until: number): number
  /** What the journals prove. Final only while nobody writes. */
  judgeAll(until: number): {
    readonly key: string
    readonly epoch: number
    readonly lines: readonly JournalLine[]
    readonly judgement: Judgement
  }[]
  /** All that the files say of one actor, for whoever has to find out what went wrong. */
  evidence(key: string): string
  close(): void
}

export function outsideCheck(managerFile: string, { keys, fileOf }: Actors): OutsideCheck {
  let manager: DatabaseSync | null = null

  function managerDb(): DatabaseSync | null {
    if (manager === null && existsSync(managerFile)) manager = open(managerFile)
    return manager
  }

  function look(index: number): { late: Late | null } | null {
    const key = keys[index]!
    const held = managerDb()
    if (held === null) return null
    return reading(fileOf(index), (store) => {
      const seen = lookSoundly({
        version: () => store.prepare('PRAGMA data_version').get()?.data_version,
        store: () => alarmIn(store),
        manager: () => timeIn(held, key),
      })
      return seen && { late: isLate(seen) ? { key, ...seen, at: Date.now() } : null }
    })
  }

  return {
    look,
    lookAtAll() {
      const looks = keys.map((_, i) => look(i)).filter((seen) => seen !== null)
      return { late: looks.flatMap(({ late }) => late ?? []), looks: looks.length }
    },
    answered() {
      const sql = 'SELECT max(line) AS line FROM journal'
      return new Map(
        keys.flatMap((key, i) => {
          const seen = reading(fileOf(i), (store) => store.prepare(sql).get() as { line: number | null })
          return seen === null || seen.line === null ? [] : [[key, seen.line] as const]
        }),
      )
    },
    owed(until) {
      const inManager = managerDb()?.prepare('SELECT count(*) AS n FROM alarm WHERE time <= ?').get(until)?.n
      const inStores = keys.filter((_, i) => {
        const alarm = reading(fileOf(i), alarmIn)
        return alarm !== null && alarm <= until
      })
      return Number(inManager ?? 0) + inStores.length
    },
    judgeAll(until) {
      return keys.flatMap((key, i) => {
        const seen = reading(fileOf(i), (store) => {
          const { alarm, epoch } = store.prepare('SELECT alarm, epoch FROM _nolater_actor').get() as {
            alarm: AlarmTime
            epoch: number
          }
          const lines = store.prepare('SELECT * FROM journal ORDER BY seq').all() as unknown as JournalLine[]
          return { key, epoch, lines, judgement: judge(lines, alarm, until) }
        })
        return seen === null ? [] : [seen]
      })
    },
    evidence(key) {
      const held = managerDb()?.prepare('SELECT * FROM alarm WHERE key = ?').get(key)
      const own = reading(fileOf(keys.indexOf(key)), (store) => [
        ...store.prepare('SELECT alarm, epoch FROM _nolater_actor').all(),
        ...store.prepare('SELECT * FROM journal ORDER BY seq').all(),
      ])
      return [held, ...(own ?? [])].map((row) => JSON.stringify(row ?? null)).join('\n')
    },
    close: () => manager?.close(),
  }
}

function alarmIn(store: DatabaseSync): AlarmTime {
  return (store.prepare('SELECT alarm FROM _nolater_actor').get() as { alarm: AlarmTime }).alarm
}

function timeIn(manager: DatabaseSync, key: string): AlarmTime {
  const held = manager.prepare('SELECT time FROM alarm WHERE key = ?').get(key) as
    | { time: AlarmTime }
    | undefined
  return held?.time ?? null
}

function open(file: string): DatabaseSync {
  return new DatabaseSync(file, { readOnly: true, timeout: 2_000 })
}

/** What is read from a file, or `null` while it is not there or its tables are not. */
function reading<T>(file: string, read: (db: DatabaseSync) => T): T | null {
  if (!existsSync(file)) return null
  const db = open(file)
  try {
    return read(db)
  } catch (error) {
    if (isUnborn(error)) return null
    throw error
  } finally {
    db.close()
  }
}

const READONLY_ROLLBACK = 776 // SQLite's code

/** A file whose tables were never committed: there are none yet, or whoever made them was killed, and they must be rolled back first. */
function isUnborn(error: unknown): boolean {
  const { errcode, message } = error as { errcode?: number; message: string }
  return errcode === READONLY_ROLLBACK || /no such table/.test(message)
}
