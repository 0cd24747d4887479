const DAY = 86_400_000
const HOUR = 3_600_000
const KEPT = 10_000 // days

/** A time zone: what its clocks on the wall read. A reading is in ms as if it were UTC. */
export interface WallClock {
  /** what is to be added to an instant for its reading */
  offsetAt(instant: number): number
  /** The instants that have this reading: one; none where the clock is set forward over it; two where it is set back. */
  instantsOf(reading: number): readonly number[]
  /** The moment at which the clock is set forward over this reading. */
  changeOver(reading: number): number
}

const utc: WallClock = {
  offsetAt: () => 0,
  instantsOf: (reading) => [reading],
  changeOver: (reading) => reading,
}

/** The clocks of an IANA time zone. Throws a RangeError for one that is not known. */
export function wallClock(zone: string): WallClock {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  if (format.resolvedOptions().timeZone === 'UTC') return utc
  const days = new Map<number, number>()

  function read(instant: number): number {
    const second = Math.floor(instant / 1_000) * 1_000
    const at: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(second)) at[type] = Number(value)
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second: s = 0 } = at
    return Date.UTC(year, month - 1, day, hour, minute, s) - second
  }

  function ofDay(day: number): number {
    let offset = days.get(day)
    if (offset !== undefined) return offset
    if (days.size >= KEPT) days.clear()
    offset = read(day * DAY)
    days.set(day, offset)
    return offset
  }

  /** No clock is set forth and back within a day. */
  function offsetAt(instant: number): number {
    const day = Math.floor(instant / DAY)
    const offset = ofDay(day)
    return offset === ofDay(day + 1) ? offset : read(instant)
  }

  /** What has a reading is between these: clocks are 12 h behind UTC at most, and 14 h ahead of it. */
  const around = (reading: number): [from: number, to: number] => [reading - 15 * HOUR, reading + 13 * HOUR]

  return {
    offsetAt,
    instantsOf(reading) {
      const [from, to] = around(reading).map(offsetAt) as [number, number]
      if (from === to) return [reading - from]
      return [reading - from, reading - to].filter((instant) => instant + offsetAt(instant) === reading)
    },
    changeOver(reading) {
      let [before, after] = around(reading)
      while (after - before > 1) {
        const middle = Math.floor((before + after) / 2)
        if (middle + offsetAt(middle) < reading) before = middle
        else after = middle
      }
      return after
    },
  }
}
