import type { TimerHeap } from './timer-heap.ts'
import type { Timer } from './virtual-timer.ts'

/** A run that never ends: timers that go on setting timers. */
export class RunawayError extends Error {
  override readonly name = 'RunawayError'
  readonly code = 'CLOCK_RUNAWAY'
}

const LISTED = 5

/** Says what is still scheduled after too many timers. */
export function runaway(ran: number, now: number, elapsed: number, timers: TimerHeap<Timer>): RunawayError {
  const lines = timers
    .first(LISTED)
    .map(({ due, delay, work }) => `  in ${due - elapsed} ms, set for ${delay} ms: ${oneLine(String(work))}`)
  if (timers.size > LISTED) lines.push(`  and ${timers.size - LISTED} more`)
  return new RunawayError(
    `Expected the run to end; after ${ran} timers the clock reads ${now} and ${timers.size} are still scheduled:\n` +
      `${lines.join('\n')}\nStop what repeats, move the clock with advance(ms), or give flush a higher limit.`,
  )
}

function oneLine(source: string): string {
  const line = source.replace(/\s+/g, ' ')
  return line.length > 70 ? `${line.slice(0, 70)}…` : line
}
