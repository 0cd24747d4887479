import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { AlarmTime } from 'nolater'
import { isLate, lookSoundly } from '../../examples/fleet/sound-look.ts'
import type { JournalLine } from './journal.ts'
import { judge, type Verdict } from './judge.ts'
import type { SteppedClock } from './machine-clock.ts'
import { actorFile, managerFile, type Plan } from './plan.ts'

/**
 * Reads the databases of all actors and of the manager from outside, read-only, and never asks the engine.
 *
 * The promise is one about two databases at one moment, and they have no moment in common. To read the manager after the store is
 * unsound both ways while other processes go on: a commit and a write in between make a fault where there is none, or hide one. One
 * transaction over both (ATTACH) would not help either: in WAL mode each file's snapshot is taken when it is read first. So each look is a
 * sandwich (`lookSoundly`): store, manager, store again; it counts only if nothing was committed to the store meanwhile, for then
 * what was read first was true at the very moment at which the manager was read. What did not count is looked at again.
 */
export interface OutsideCheck {
  /** Looks at these actors, all of them unless told which. Returns what is wrong. */
  look(keys?: readonly string[]): string[]
  readonly looks: number
  /** looks that a commit of somebody alive disturbed, three times in a row */
  readonly disturbed: number
  /** The intents that this actor has committed; `null` where its file cannot be read now. */
  committed(key: string): ReadonlySet<string> | null
  /** Actors whose store or manager has an alarm. */
  pending(): number
  /** ms that the longest back-off lasts which an alarm is in */
  rest(): number
  /** What the journals prove. Final only when nobody writes. */
  judgeAll(
    clock: SteppedClock,
  ): (Verdict & { readonly key: string; readonly lines: readonly JournalLine[] })[]
  /** What the files say of one actor: what it and the manager hold, and the journal around the time that a fault names, or its end. */
  evidence(key: string, fault: string): string
}

interface Held {
  readonly time: AlarmTime
  readonly fence: number
}

export function outsideCheck(plan: Plan): OutsideCheck {
  const file = managerFile(plan)
  const fences = new Map<string, number>()
  const seen = new Map<string, { seq: number; readonly ops: Set<string> }>()
  let looks = 0
  let disturbed = 0

  /** What the manager holds, `null` for nothing, `undefined` where that cannot be read. */
  function held(key: string): Held | null | undefined {
    const sql = 'SELECT time, fence FROM alarm WHERE key = ?'
    return reading(file, (manager) => (manager.prepare(sql).get(key) as Held | undefined) ?? null)
  }

  function lookAt(key: string): string[] {
    let row: Held | null | undefined
    const once = () =>
      reading(actorFile(plan, key), (store) => {
        const found = lookSoundly({
          version: () => store.prepare('PRAGMA data_version').get()?.data_version,
          store: () => alarmIn(store),
          manager() {
            row = held(key)
            return row?.time ?? null
          },
        })
        if (row === undefined) return undefined
        return found ?? ('disturbed' as const)
      })
    let found = once()
    for (let again = 0; found === 'disturbed' && again < 2; again++) found = once()
    const faults: string[] = []
    if (found === 'disturbed') disturbed++
    else if (found !== undefined) {
      looks++
      if (isLate(found)) {
        faults.push(`LATE  ${key}: the store holds ${found.store}, the manager ${found.manager ?? 'none'}`)
      }
    }
    if (row) {
      const before = fences.get(key) ?? 0
      if (row.fence < before)
        faults.push(`FENCE ${key}: the manager's fence went from ${before} to ${row.fence}`)
      fences.set(key, row.fence)
    }
    return faults
  }

  function linesOf(key: string, after = 0): JournalLine[] | undefined {
    const sql = 'SELECT * FROM journal WHERE seq > ? ORDER BY seq'
    return reading(actorFile(plan, key), (store) => store.prepare(sql).all(after) as unknown as JournalLine[])
  }

  return {
    look: (keys = plan.actors) => keys.flatMap(lookAt),
    get looks() {
      return looks
    },
    get disturbed() {
      return disturbed
    },
    committed(key) {
      const known = seen.get(key) ?? { seq: 0, ops: new Set<string>() }
      seen.set(key, known)
      const lines = linesOf(key, known.seq)
      if (lines === undefined) return null
      for (const { seq, op } of lines) {
        known.seq = seq
        if (op !== null) known.ops.add(op)
      }
      return known.ops
    },
    pending: () =>
      plan.actors.filter((key) => {
        const alarm = reading(actorFile(plan, key), alarmIn) ?? null
        return alarm !== null || (held(key)?.time ?? null) !== null
      }).length,
    rest() {
      const sql = 'SELECT max(due - changed_at) AS rest FROM alarm WHERE begun = 1 AND leased_until IS NULL'
      return reading(file, (manager) => manager.prepare(sql).get()?.rest as number | null) ?? 0
    },
    judgeAll: (clock) =>
      plan.actors.map((key) => {
        const lines = linesOf(key) ?? []
        return { key, lines, ...judge(lines, reading(actorFile(plan, key), alarmIn) ?? null, clock) }
      }),
    evidence(key, fault) {
      const lines = linesOf(key) ?? []
      const named = lines.findIndex(({ time }) => time !== null && fault.includes(`alarm ${time} `))
      return [
        reading(file, (db) => db.prepare('SELECT * FROM alarm WHERE key = ?').get(key)),
        reading(actorFile(plan, key), (store) =>
          store.prepare('SELECT alarm, epoch FROM _nolater_actor').get(),
        ),
        ...lines.slice(named === -1 ? -12 : Math.max(0, named - 4), named === -1 ? undefined : named + 8),
      ]
        .map((row) => `      ${JSON.stringify(row ?? null)}`)
        .join('\n')
    },
  }
}

function alarmIn(store: DatabaseSync): AlarmTime {
  return (store.prepare('SELECT alarm FROM _nolater_actor').get() as { alarm: AlarmTime }).alarm
}

const READONLY_ROLLBACK = 776 // SQLite's codes
const NO_ROOM_FOR_SHM = 4874

/**
 * What is read from a file, opened anew each time: where everybody is dead, whoever comes first has to recover it.
 *
 * `undefined` for a file whose tables were never committed, because whoever made them was killed; and for one that nobody has open on a
 * full disk, where SQLite finds no room for what it needs to read it. The look after the next kill will tell.
 */
function reading<T>(file: string, read: (db: DatabaseSync) => T): T | undefined {
  if (!existsSync(file)) return undefined
  try {
    const db = new DatabaseSync(file, { readOnly: true, timeout: 2_000 })
    try {
      return read(db)
    } finally {
      db.close()
    }
  } catch (error) {
    const { errcode, message } = error as { errcode?: number; message: string }
    const isUnreadable = errcode === READONLY_ROLLBACK || errcode === NO_ROOM_FOR_SHM
    if (isUnreadable || /no such table/.test(message)) return undefined
    throw error
  }
}
