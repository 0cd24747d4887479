import { openSync, readSync, writeFileSync } from 'node:fs'
import { asyncScheduler } from 'rxjs'
import { machineElapsed } from '../../src/sqlite/machine-elapsed.ts'
import type { ElapsedScheduler } from '../../src/vocabulary/elapsed.ts'

/**
 * The clock of the machine, the same for all processes of a run: real time plus an offset that stands in a file.
 *
 * So one write of eight bytes steps it for everybody at once, as a time server does; timers do not notice, as real ones do not.
 */
export function machineClock(file: string): ElapsedScheduler {
  const fd = openSync(file, 'r')
  const offset = new Float64Array(1)
  const elapsed = machineElapsed(asyncScheduler)!
  return {
    now() {
      readSync(fd, offset, 0, 8, 0)
      return Date.now() + offset[0]!
    },
    elapsed,
    schedule: asyncScheduler.schedule.bind(asyncScheduler),
  }
}

/** The same clock in the hands of whoever steps it. */
export interface SteppedClock {
  /** ms that the clock is ahead of real time */
  readonly offset: number
  readonly steps: number
  step(ms: number): void
  /** What the clock shows. */
  now(): number
  /**
   * The first real moment, from `since` on, at which the clock showed `time`; `null` if it never did so far.
   *
   * A clock that was stepped back may show it a second time: an alarm that was due once cannot come too early any more.
   */
  firstShown(time: number, since: number): number | null
}

interface Span {
  readonly offset: number
  readonly from: number
  /** the span that follows has begun by then, and may have begun a little before */
  to: number
}

export function steppedClock(file: string): SteppedClock {
  const spans: Span[] = []
  const last = (): Span => spans[spans.length - 1]!

  function begin(offset: number): void {
    const from = Date.now()
    writeFileSync(file, new Float64Array([offset]), { flag: spans.length === 0 ? 'w' : 'r+' })
    if (spans.length > 0) last().to = Date.now()
    spans.push({ offset, from, to: Infinity })
  }

  begin(0)
  return {
    get offset() {
      return last().offset
    },
    get steps() {
      return spans.length - 1
    },
    step: (ms) => begin(last().offset + ms),
    now: () => Date.now() + last().offset,
    firstShown(time, since) {
      let first: number | null = null
      for (const { offset, from, to } of spans) {
        const shown = Math.max(time - offset, from, since)
        if (shown <= to && (first === null || shown < first)) first = shown
      }
      return first !== null && first <= Date.now() ? first : null
    },
  }
}
