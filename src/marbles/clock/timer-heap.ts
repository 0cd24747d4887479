/** What a heap orders: by `due`, and where that is equal by `turn`. `slot` is the heap's own: -1 while it is not in it. */
export interface Timed {
  due: number
  turn: number
  slot: number
}

/** A binary heap of timers that knows where each of them is, so that one can be taken out from the middle. */
export interface TimerHeap<T extends Timed> {
  readonly size: number
  /** the next one, which stays */
  peek(): T | undefined
  at(slot: number): T | undefined
  push(timer: T): void
  remove(timer: T): void
  /** the first `count`, in order */
  first(count: number): T[]
}

export function timerHeap<T extends Timed>(): TimerHeap<T> {
  const slots: T[] = []

  const put = (timer: T, slot: number): void => {
    slots[slot] = timer
    timer.slot = slot
  }
  const rise = (timer: T, from: number): void => {
    let slot = from
    while (slot > 0) {
      const parent = (slot - 1) >> 1
      if (!goesFirst(timer, slots[parent]!)) break
      put(slots[parent]!, slot)
      slot = parent
    }
    put(timer, slot)
  }
  const sink = (timer: T, from: number): void => {
    let slot = from
    for (let child = 2 * slot + 1; child < slots.length; child = 2 * slot + 1) {
      if (child + 1 < slots.length && goesFirst(slots[child + 1]!, slots[child]!)) child++
      if (!goesFirst(slots[child]!, timer)) break
      put(slots[child]!, slot)
      slot = child
    }
    put(timer, slot)
  }

  return {
    get size() {
      return slots.length
    },
    peek: () => slots[0],
    at: (slot) => slots[slot],
    push: (timer) => rise(timer, slots.length),
    remove(timer) {
      const { slot } = timer
      if (slot < 0) return
      timer.slot = -1
      const last = slots.pop()!
      if (last === timer) return
      // The last one takes the free place, from where it may have to go either way.
      sink(last, slot)
      rise(last, last.slot)
    },
    first: (count) => slots.toSorted((a, b) => (goesFirst(a, b) ? -1 : 1)).slice(0, count),
  }
}

function goesFirst(a: Timed, b: Timed): boolean {
  return a.due < b.due || (a.due === b.due && a.turn < b.turn)
}
