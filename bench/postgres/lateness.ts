import { type ContenderId, contenders, type Entry } from './contenders.ts'
import { type Lane, withLanes } from './lanes.ts'
import type { LaneOptions, Series, Way } from './orders.ts'
import type { Place } from './queue.ts'
import { recordOf, untilFired } from './record.ts'

/** alarms a second */
export const rates = [25, 200, 1_000] as const

/** ms */
export interface Lateness {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface Late {
  /** at each of the rates */
  readonly lateness: readonly Lateness[]
  readonly wrong: readonly string[]
}

const LEAD = 1_500 // ms before the first is due
const SETTING = 0.3 // ms that each may take to be set
const FORWARDING = 3 // where another process is asked for most of them
const REST = 500 // ms between two rates
const OFTEN = 250 // ms

/**
 * How late the handlers of so many processes begin, for alarms at one rate after the other. All are set before the first of them is due, by a
 * process more; where each process that sets alarms delivers, too, by those that deliver, in turns.
 */
export async function measureLateness(
  id: ContenderId,
  place: Place,
  processes: number,
  { seconds, slack }: { readonly seconds: number; readonly slack: number },
): Promise<Late> {
  const { alwaysDelivers = false }: Entry = contenders[id]
  const delivering = Array.from(
    { length: processes },
    (): LaneOptions => ({ id, place, mode: 'fire', processes }),
  )
  const setting: LaneOptions[] = alwaysDelivers ? [] : [{ id, place, mode: 'set' }]
  return withLanes([...delivering, ...setting], async (lanes) => {
    const workers = lanes.slice(0, processes)
    const parts = partsOf(seconds)
    const count = parts.reduce((sum, part) => sum + part.count, 0)
    const isForwarded = alwaysDelivers && processes > 1
    const way = isForwarded ? { callers: 100 } : { inOneCall: 1_000 }
    const setting = count * (isForwarded ? FORWARDING : SETTING)
    const start = Math.ceil(Date.now() + slack * (LEAD + setting))
    const due = parts.map((part) => ({ ...part, start: start + part.start }))
    for (const part of due) await setBy(alwaysDelivers ? workers : lanes.slice(processes), part, way)
    if (Date.now() > start) throw new Error('The first of them were due before all were set.')
    await untilFired(workers, count, OFTEN)
    const timeOf = (actor: number): number => {
      const { first, start, gap } = due.findLast(({ first }) => first <= actor)!
      return start + (actor - first) * gap
    }
    const { at, wrong } = await recordOf(workers, count, timeOf)
    const lateness = due.map(({ first, count }) =>
      percentilesOf(at.subarray(first, first + count).map((time, i) => time - timeOf(first + i))),
    )
    return { lateness, wrong }
  })
}

/** One for each rate, begun at 0. */
function partsOf(seconds: number): Series[] {
  let first = 0
  return rates.map((rate, i) => {
    const count = Math.ceil(rate * seconds)
    const part = { first, step: 1, count, start: i * (seconds * 1_000 + REST), gap: 1_000 / rate }
    first += count
    return part
  })
}

/** By these in turns, at the same time. */
async function setBy(lanes: readonly Lane[], { first, count, start, gap }: Series, way: Way): Promise<void> {
  const step = lanes.length
  await Promise.all(
    lanes.map((lane, i) => {
      const series = { first: first + i, step, start: start + i * gap, gap: gap * step }
      return lane.ask('set', { ...series, count: Math.ceil((count - i) / step) }, way)
    }),
  )
}

/** Of those that have fired. */
function percentilesOf(late: Float64Array): Lateness {
  const sorted = late.filter((ms) => ms > -1e6).toSorted()
  const at = (p: number): number => sorted[Math.ceil(p * sorted.length) - 1] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
