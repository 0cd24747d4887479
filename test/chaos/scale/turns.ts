/** An alarm that waits to be delivered. */
export interface Waiting {
  readonly key: number
  readonly tenant: number
  readonly due: number
}

/** Whose turn it is. Alarms are put in as they become due. */
export interface Turns {
  readonly size: number
  put(alarm: Waiting): void
  /** The next; there must be one. */
  take(): Waiting
}

/** As the manager does it: what has been due longest comes first. */
export function byDue(): Turns {
  const queue = fifo<Waiting>()
  return {
    get size() {
      return queue.size
    },
    put: queue.put,
    take: queue.take,
  }
}

/** One alarm of each tenant in turn, each tenant's own by what has been due longest. */
export function inTurn(): Turns {
  const tenants = new Map<number, Queue<Waiting>>()
  const round = fifo<number>()
  let size = 0
  return {
    get size() {
      return size
    },
    put(alarm) {
      const own = tenants.get(alarm.tenant) ?? fifo<Waiting>()
      tenants.set(alarm.tenant, own)
      if (own.size === 0) round.put(alarm.tenant)
      own.put(alarm)
      size++
    },
    take() {
      const tenant = round.take()
      const own = tenants.get(tenant)!
      const alarm = own.take()
      if (own.size > 0) round.put(tenant)
      size--
      return alarm
    },
  }
}

interface Queue<T> {
  readonly size: number
  put(item: T): void
  take(): T
}

function fifo<T>(): Queue<T> {
  let items: T[] = []
  let first = 0
  return {
    get size() {
      return items.length - first
    },
    put: (item) => void items.push(item),
    take() {
      const item = items[first++]!
      if (first > 10_000 && first * 2 > items.length) {
        items = items.slice(first)
        first = 0
      }
      return item
    },
  }
}
