import type { AlarmTime } from '../index.ts'
import type { TimelineEvent } from '../marbles/index.ts'

/** A moment at which the manager may have been later than the store. */
export interface Late {
  readonly event: TimelineEvent
  readonly says: string
}

/**
 * What each may hold at worst, `undefined` while that is not known: a call may have been applied from its issue on, and a failed one
 * until a newer one is acknowledged.
 */
interface May {
  /** the latest time that the manager may hold */
  readonly manager?: number
  /** the earliest time that the store may hold */
  readonly store?: number
  /** the last one that it is known to hold */
  readonly committed?: number
}

/** Follows one actor through its events, and finds where its manager may hold a time after one that the store may hold. */
export function findLate(events: readonly TimelineEvent[]): Late[] {
  const late: Late[] = []
  let may: May = {}
  let wasLate = false
  for (const event of events) {
    may = after(may, event)
    const { manager: latest = -Infinity, store: earliest = Infinity } = may
    const isLate = latest > earliest
    if (isLate && !wasLate)
      late.push({
        event,
        says: `the manager may hold ${printed(latest)} while the store may hold ${printed(earliest)}`,
      })
    if (event.kind === 'violation')
      late.push({
        event,
        says: `the manager came for ${event.manager}, after ${printed(order(event.committed))}, which the store had committed`,
      })
    wasLate = isLate
  }
  return late
}

const order = (time: AlarmTime): number => time ?? Infinity
const printed = (time: number): string => (time === Infinity ? 'no alarm' : `${time}`)

function after(may: May, event: TimelineEvent): May {
  const { manager = -Infinity, store = Infinity, committed } = may
  switch (event.kind) {
    case 'intent':
      return withStore({ ...may, manager: may.manager ?? order(event.bound) }, event.committed)
    case 'write-issued': {
      const written = { ...may, manager: Math.max(manager, order(event.time)) }
      // What is written to make sure, or in the background, is what the store holds.
      return event.move === 'earlier' ? written : withStore(written, event.time)
    }
    case 'write-acknowledged':
      return { ...may, manager: order(event.time) }
    case 'commit-issued': {
      const time = order(event.time)
      return { ...may, store: Math.min(store, time), committed: committed ?? time }
    }
    case 'commit-acknowledged':
      return { ...may, store: order(event.time), committed: order(event.time) }
    case 'delivery-done':
      return committed === Infinity ? { ...may, manager: Infinity } : may
    default:
      return may
  }
}

const withStore = (may: May, time: AlarmTime): May =>
  may.store === undefined ? { ...may, store: order(time), committed: order(time) } : may
