import type { ListedRows, TimerListOptions } from '../timers/stored-timers.ts'
import type { TimerRow } from '../timers/timer.ts'
import type { Place } from '../timers/timer-rows.ts'
import { byPlace } from '../timers/timers.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import { type ActorRows, boundAll } from './timer-table.ts'

/** What a commit makes durable of an actor's timers. */
export interface TimerChanges {
  /** Writes them, in the transaction that is open. */
  write(): void
  /** They are durable. */
  done(): void
}

/** An actor's timers as they will be, over those that are durable. */
export interface PendingTimers extends ListedRows {
  /** What is not durable, `null` for nothing; from here on what is put goes with the next commit. */
  take(): TimerChanges | null
  /** What is not durable will not be. */
  drop(): void
  /** The actor is ours: what was set before gets numbers that no other process has given since. */
  renumber(): void
  /** all is durable */
  readonly isEmpty: boolean
  /** there are some, or were before this turn */
  has(): boolean
}

type Changed = Map<string, TimerRow | null>

const PAGE = 16

/** `changed` is called with each change: there is something to commit. */
export function pendingTimers(table: ActorRows, changed: () => void): PendingTimers {
  let next: Changed = new Map()
  let underWay: Changed = new Map()
  let newest = 0 // of the sets that are not durable
  let first: TimerRow | null | undefined = null // of those that are not; `undefined`: not known

  const isChanged = ({ name }: TimerRow): boolean => next.has(name) || underWay.has(name)
  const size = (): number => next.size + underWay.size

  /** Those that stand, of all that are not durable. */
  function* put(): Generator<TimerRow> {
    for (const timer of next.values()) if (timer !== null) yield timer
    for (const [name, timer] of underWay) if (timer !== null && !next.has(name)) yield timer
  }

  function change(name: string, timer: TimerRow | null): void {
    next.set(name, timer)
    if (first?.name === name) first = undefined
    else if (timer !== null && first !== undefined && isFirst(timer, first)) first = timer
    changed()
  }

  function firstPut(): TimerRow | null {
    if (first !== undefined) return first
    first = null
    for (const timer of put()) if (isFirst(timer, first)) first = timer
    return first
  }

  /** Those that are durable and stand. */
  function* durable(until: number, after: Place | null): Generator<TimerRow> {
    let place = after
    for (let most = PAGE; ; most = Math.min(most * 4, 1_024)) {
      const page = table.due(until, place, most)
      for (const timer of page) if (!isChanged(timer)) yield timer
      if (page.length < most) return
      place = page.at(-1) as TimerRow
    }
  }

  function earliest(): AlarmTime {
    if (size() === 0) return table.earliest()
    const pending = firstPut()
    for (const timer of durable(pending?.due ?? Number.MAX_SAFE_INTEGER, null)) return timer.due
    return pending?.due ?? null
  }

  function due(until: number, after: Place | null, most: number): readonly TimerRow[] {
    if (size() === 0) return table.due(until, after, most)
    const all: TimerRow[] = []
    for (const timer of durable(until, after)) if (all.push(timer) === most) break
    for (const timer of put()) {
      const isDue = timer.due !== null && timer.due <= until
      if (isDue && (after === null || byPlace(after, timer) < 0)) all.push(timer)
    }
    return all.sort(byPlace).slice(0, most)
  }

  function list(options: TimerListOptions): readonly TimerRow[] {
    if (size() === 0) return table.list(options)
    const { limit = Number.MAX_SAFE_INTEGER } = options
    const most = Math.min(limit + size(), Number.MAX_SAFE_INTEGER)
    const all = table.list({ ...options, limit: most }).filter((timer) => !isChanged(timer))
    for (const timer of put()) if (fits(timer, options)) all.push(timer)
    return all.sort(options.by === 'time' ? byPlace : byName).slice(0, limit)
  }

  function latest(): TimerRow | undefined {
    const last = table.latest()
    let found = last !== undefined && isChanged(last) ? undefined : last
    for (const timer of size() === 0 ? [] : put()) {
      if (timer.due === null || timer.counted + timer.uncounted === 0) continue
      if (found === undefined || (found.due ?? 0) < timer.due) found = timer
    }
    return found
  }

  function putOne(timer: TimerRow): void {
    change(timer.name, timer)
    newest = Math.max(newest, timer.serial)
  }

  return {
    sets: () => Math.max(newest, table.sets()),
    find(name) {
      const timer = next.has(name) ? next.get(name) : underWay.get(name)
      return timer === undefined ? table.find(name) : (timer ?? undefined)
    },
    earliest,
    due,
    put: putOne,
    remove: (name) => change(name, null),
    together: (work) => work(),
    bound: (now) => boundAll({ put: putOne }, latest, now),
    list,
    take() {
      if (next.size === 0) return null
      const taken = next
      underWay = next
      next = new Map()
      return {
        write() {
          for (const [name, timer] of taken) {
            if (timer === null) table.remove(name)
            else table.put(timer)
          }
        },
        done() {
          if (underWay === taken) underWay = new Map()
          first = undefined
        },
      }
    },
    drop() {
      next = new Map()
      underWay = new Map()
      newest = 0
      first = null
    },
    renumber() {
      newest = table.sets()
      for (const [name, timer] of next) {
        if (timer !== null) next.set(name, { ...timer, serial: ++newest })
      }
      first = undefined
    },
    get isEmpty() {
      return size() === 0
    },
    has: () => size() > 0 || table.has(),
  }
}

const isFirst = (timer: TimerRow, first: TimerRow | null): boolean =>
  timer.due !== null && (first === null || byPlace(timer, first) < 0)

function fits(timer: TimerRow, { prefix = '', state, by, after }: TimerListOptions): boolean {
  const isTimed = by === 'time' && state === undefined
  if (!timer.name.startsWith(prefix) || (isTimed && timer.due === null)) return false
  if (state !== undefined && (timer.due !== null || (timer.series?.paused === true) !== (state === 'paused')))
    return false
  if (after === undefined) return true
  if (isTimed) return byPlace({ due: after.due, serial: Number(after.id) }, timer) < 0
  return byCodePoint(after.name, timer.name) < 0
}

const byName = (a: TimerRow, b: TimerRow): number => byCodePoint(a.name, b.name)

/** As SQLite compares them; by UTF-16 units U+1F600 would come before U+FFFD. */
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
