import type { TimerRow } from './timer.ts'
import type { Place, TimerRows } from './timer-rows.ts'

/** The timers that one delivery handles, each once. */
export interface TimerQueue {
  next(): TimerRow | null
}

const PAGE = 256

/**
 * Those that were due when the delivery began, in the order of their times; those that were cut off before come last. What is set meanwhile
 * is for the next delivery. They are read in pages: however many there are, few are in memory.
 */
export function timerQueue(rows: TimerRows, until: number, cutOff: Map<number, string>): TimerQueue {
  const newest = rows.sets()
  const handled = new Set<number>() // one that has failed for the last time is due at once, to be abandoned by the next delivery
  const last: TimerRow[] = []
  let page: readonly TimerRow[] = []
  let place: Place | null = null
  let at = 0
  let isRead = false

  for (const [serial, name] of cutOff) if (rows.find(name)?.serial !== serial) cutOff.delete(serial)

  return {
    next() {
      while (!isRead) {
        for (let timer = page[at++]; timer !== undefined; timer = page[at++]) {
          place = timer
          const { serial } = timer
          if (serial > newest || handled.has(serial)) continue
          handled.add(serial)
          if (!cutOff.has(serial)) return timer
          last.push(timer)
        }
        page = rows.due(until, place, PAGE)
        at = 0
        isRead = page.length === 0
      }
      return last.shift() ?? null
    },
  }
}
