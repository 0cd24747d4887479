import { HELD_LONGER, LEASE, PATIENCE } from './plan.ts'
import type { ChaosLine, RowChange } from './tables.ts'

/** Some ms of the world's clock. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** How long one alarm waited, from when it was owed until its first handler began. */
export interface Wait extends Span {
  readonly key: string
  readonly time: number
  /** ms in which nobody had leased it, no back-off ran, and nothing was wrong with the server or with everybody */
  readonly idle: number
}

const LAG = 100 // ms between the row's clock and the trigger's, at most

/**
 * The criterion for "late". An alarm is owed from its time, or from the commit that set it if that came later. From then until its first
 * handler begins, every ms must be one of these, or of the at most `PATIENCE` ms that are left:
 *
 * - somebody has leased it: until it is answered, and at most LEASE + HELD_LONGER;
 * - a back-off runs after a failure: at most 2 s, doubled with each failure of the alarm so far, and a quarter more;
 * - the server was away, rows were locked by somebody else, or nobody was alive.
 *
 * Leases and back-offs are those of the row's own history, which a trigger has written in the transactions that changed the row.
 */
export function waitsOf(
  key: string,
  lines: readonly ChaosLine[],
  history: readonly RowChange[],
  away: readonly Span[],
): Wait[] {
  const excused = [...away, ...spansOf(history)]
  const intents = lines.filter(({ kind }) => kind === 'set' || kind === 'delete')
  return intents.flatMap(({ seq, time, committed }, i) => {
    const next = intents[i + 1]
    if (time === null || (next !== undefined && next.real < time)) return []
    const began = lines.find((line) => line.seq > seq && line.kind === 'began' && line.time === time)
    if (began === undefined) return [] // lost, which is worse, and for others to say
    const span = { from: Math.max(time, committed), to: began.real }
    return [{ key, time, ...span, idle: uncovered(span, excused) }]
  })
}

/** The leases and the back-offs of one row. */
export function spansOf(history: readonly RowChange[]): Span[] {
  return history.flatMap(({ at, time, due, failures, holder, leasedUntil }, i) => {
    const until = history[i + 1]?.at ?? Infinity
    if (holder !== null) return [{ from: at, to: Math.min(until, leasedUntil ?? at) }]
    if (failures > 0 && due !== null && time !== null && due > time)
      return [{ from: at, to: Math.min(until, due) }]
    return []
  })
}

/** What the history of one row proves to be wrong. */
export function faultsOf(history: readonly RowChange[]): string[] {
  return history.flatMap((row, i) => {
    const { at, key, due, fence, failures, holder, leasedUntil } = row
    const before = history[i - 1]
    const faults: string[] = []
    if (before !== undefined && fence < before.fence) {
      faults.push(`FENCE ${key}: the row's fence went from ${before.fence} to ${fence}`)
    }
    const isTaken = holder !== null && holder !== before?.holder
    if (isTaken && before?.holder && at < (before.leasedUntil ?? 0)) {
      faults.push(`OWNER ${key}: ${holder} took it while ${before.holder} had its lease`)
    }
    if (isTaken && (leasedUntil ?? Infinity) > at + LEASE + HELD_LONGER)
      faults.push(`SLOW  ${key}: a lease is too long`)
    const longest = 2_000 * 2 ** (failures - 1) * 1.25
    if (
      holder === null &&
      failures > 0 &&
      due !== null &&
      due > Math.max(row.time ?? 0, at + longest + LAG)
    ) {
      faults.push(`SLOW  ${key}: after ${failures} failures it rests until ${due}, from ${at}`)
    }
    return faults
  })
}

/** ms of a span that no other covers */
export function uncovered({ from, to }: Span, others: readonly Span[]): number {
  let left = from
  let sum = 0
  for (const other of others.toSorted((a, b) => a.from - b.from)) {
    if (other.to <= left) continue
    if (other.from >= to) break
    sum += Math.max(0, other.from - left)
    left = other.to
  }
  return sum + Math.max(0, to - left)
}

export const isSlow = ({ idle }: Wait): boolean => idle > PATIENCE
