import type { HeldAlarm } from '../ledger/held-alarm.ts'
import type { Excerpt, ReadExcerpt } from '../ledger/list-alarms.ts'

/** Reads one page a turn of the event loop: a file of a million alarms holds nothing else up. */
export function pageByPage(read: (excerpt: Excerpt) => HeldAlarm[]): ReadExcerpt {
  let isFirst = true
  return async (excerpt) => {
    if (!isFirst) await new Promise((resolve) => setImmediate(resolve))
    isFirst = false
    return read(excerpt)
  }
}
