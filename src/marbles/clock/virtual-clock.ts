import type { SchedulerAction, SchedulerLike, Subscription } from 'rxjs'
import { configError } from '../../vocabulary/error-of.ts'
import { runaway } from './runaway.ts'
import { timerHeap } from './timer-heap.ts'
import { type Ticks, Timer, type Work } from './virtual-timer.ts'

/** A clock that a test moves, and the scheduler of the timers on it. */
export interface VirtualClock extends SchedulerLike {
  /** the wall clock, ms */
  now(): number
  /** ms that have passed since it was made, by which durations are measured: setting the wall clock does not count */
  elapsed(): number
  /** timers that are set */
  readonly pending: number

  /** Lets `ms` pass: runs what is due on the way, in order, and ends exactly there. */
  advance(ms: number): void
  /** Lets time pass until the wall clock reads `time`. */
  advanceTo(time: number): void
  /** Runs timers until none is left; more than `limit` of them, default 1,000,000, is a run that never ends. */
  flush(limit?: number): void

  /** Like `advance`; before each timer, and after the last, promises and eight turns of the event loop run. */
  advanceAsync(ms: number): Promise<void>
  /** Like `advanceTo`, letting promises and turns run between timers. */
  advanceToAsync(time: number): Promise<void>
  /** Like `flush`, letting promises and turns run between timers. */
  flushAsync(limit?: number): Promise<void>

  /** Sets the wall clock forward, or back: `now()` jumps, and timers keep what is left of their delays. */
  step(ms: number): void
}

const RUNAWAY = 1_000_000
// Enough for a write and an answer that follow each other, each with a turn or two of its own.
const TURNS = 8
// Taken now: a test's fake timers must not hold up the turns.
const nextTurn = globalThis.setImmediate

/**
 * A virtual clock for tests, as a scheduler for the alarms, the managers and every RxJS operator that takes one.
 *
 * Timers that are due at the same time run in the order in which they were set. What a timer throws comes out of the call that moved the
 * clock; the clock stands at that timer then, and can be moved on.
 *
 * Gotchas: a delay above 2^31-1 ms is refused (`ALARM_CONFIG_INVALID`), because real timers fire it at once. A run that never ends is
 * a `RunawayError` that lists what is still scheduled; `advance` takes for one a million timers at a single moment.
 *
 * ```ts
 * const clock = virtualClock()
 * timer(60_000, clock).subscribe(() => console.log(clock.now()))
 * clock.advance(60_000) // 60000
 * ```
 */
export function virtualClock(start = 0): VirtualClock {
  if (!Number.isFinite(start)) throw configError('The start of a clock', 'a number of ms', start)
  const timers = timerHeap<Timer>()
  const clock: Ticks = { elapsed: 0, turns: 0, timers }
  let stepped = 0

  const now = (): number => start + stepped + clock.elapsed

  /** The one loop: each yield is a place where the world may go on. */
  function* passing(until: number, limit: number, perMoment: boolean): Generator<void> {
    let ran = 0
    for (let moment = clock.elapsed; ; ran++) {
      yield
      if (perMoment && clock.elapsed !== moment) ran = 0
      moment = clock.elapsed
      const timer = timers.peek()
      if (timer === undefined || timer.due > until) break
      if (ran >= limit) throw runaway(ran, now(), clock.elapsed, timers)
      timers.remove(timer)
      clock.elapsed = timer.due
      timer.run()
    }
    if (until !== Infinity) clock.elapsed = Math.max(clock.elapsed, until)
  }
  const passingFor = (ms: number): Generator<void> => {
    if (!(ms >= 0 && ms < Infinity)) {
      throw configError('The time to pass', 'a number of ms, 0 or more (step() sets a clock back)', ms)
    }
    return passing(clock.elapsed + ms, RUNAWAY, true)
  }
  const flushing = (limit: number): Generator<void> => passing(Infinity, limit, false)

  return {
    now,
    elapsed: () => clock.elapsed,
    get pending() {
      return timers.size
    },
    schedule<T>(work: (this: SchedulerAction<T>, state: T) => void, delay = 0, state?: T): Subscription {
      return new Timer(clock, work as Work).schedule(state, delay)
    },
    advance: (ms) => atOnce(passingFor(ms)),
    advanceTo: (time) => atOnce(passingFor(time - now())),
    flush: (limit = RUNAWAY) => atOnce(flushing(limit)),
    advanceAsync: async (ms) => turnByTurn(passingFor(ms)),
    advanceToAsync: async (time) => turnByTurn(passingFor(time - now())),
    flushAsync: async (limit = RUNAWAY) => turnByTurn(flushing(limit)),
    step(ms) {
      if (!Number.isFinite(ms)) throw configError('A step of the clock', 'a number of ms', ms)
      stepped += ms
    },
  }
}

function atOnce(passing: Generator<void>): void {
  while (!passing.next().done);
}

async function turnByTurn(passing: Generator<void>): Promise<void> {
  while (!passing.next().done) {
    for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => nextTurn(resolve))
  }
}
