/** Places for handlers. A worker reserves one before it looks for a job: what it then takes is handled at once. */
export interface Slots {
  /** Reserves a place, at once (`null`) or when there is one. */
  reserve(): null | Promise<null>
  /** Reserves what is free, at most so many; returns how many. */
  reserveMore(most: number): number
  free(): void
  /** Lets all through that wait. */
  open(): void
}

export function openSlots(limit: number): Slots {
  const waiting: (() => void)[] = []
  let used = 0
  return {
    reserve() {
      if (used >= limit) return new Promise((resolve) => waiting.push(() => resolve(null)))
      used++
      return null
    },
    reserveMore(most) {
      const more = Math.max(0, Math.min(most, limit - used))
      used += more
      return more
    },
    free() {
      const next = waiting.shift()
      if (next === undefined) used--
      else next() // the place passes on
    },
    open() {
      used += waiting.length
      for (const pass of waiting.splice(0)) pass()
    },
  }
}
