import type { AlarmTime } from '../index.ts'
import type { TimelineEvent } from '../marbles/index.ts'

/** A moment at which the manager may have been later than the store. */
export interface Late {
  readonly event: TimelineEvent
  readonly says: string
}

/** What each may hold: a call may have been applied from its issue on, and a failed one until a newer one is acknowledged. */
interface May {
  readonly manager: readonly AlarmTime[]
  readonly store: readonly AlarmTime[]
}

/** Follows one actor through its events, and finds where its manager may hold a time after one that the store may hold. */
export function findLate(events: readonly TimelineEvent[]): Late[] {
  const late: Late[] = []
  let may: May = { manager: [], store: [] }
  let wasLate = false
  for (const event of events) {
    may = after(may, event)
    const { manager, store } = may
    const [latest, earliest] = [Math.max(...manager.map(order)), Math.min(...store.map(order))]
    const isLate = latest > earliest && manager.length > 0
    if (isLate && !wasLate)
      late.push({
        event,
        says: `the manager may hold ${told(latest)} while the store may hold ${told(earliest)}`,
      })
    if (event.kind === 'violation')
      late.push({
        event,
        says: `the manager came for ${event.manager}, after ${told(order(event.committed))}, which the store had committed`,
      })
    wasLate = isLate
  }
  return late
}

const order = (time: AlarmTime): number => time ?? Infinity
const told = (time: number): string => (time === Infinity ? 'no alarm' : `${time}`)

function after({ manager, store }: May, event: TimelineEvent): May {
  switch (event.kind) {
    case 'intent':
      return manager.length > 0 && store.length > 0
        ? { manager, store }
        : { manager: first(manager, event.bound), store: first(store, event.committed) }
    case 'write-issued':
      // What is written to make sure, or in the background, is what the store holds.
      return event.move === 'earlier'
        ? { manager: [...manager, event.time], store }
        : { manager: [...manager, event.time], store: first(store, event.time) }
    case 'write-acknowledged':
      return { manager: [event.time], store }
    case 'commit-issued':
      return { manager, store: [...store, event.time] }
    case 'commit-acknowledged':
      return { manager, store: [event.time] }
    case 'delivery-done':
      return store.length > 0 && store[0] === null ? { manager: [null], store } : { manager, store }
    default:
      return { manager, store }
  }
}

const first = (times: readonly AlarmTime[], time: AlarmTime): readonly AlarmTime[] =>
  times.length > 0 ? times : [time]
