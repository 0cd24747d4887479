import { type SchedulerAction, Subscription } from 'rxjs'
import { configError } from '../../vocabulary/error-of.ts'
import type { Timed, TimerHeap } from './timer-heap.ts'

/** What the timers of one clock share. */
export interface Ticks {
  /** ms that have passed; no step of the wall clock changes it */
  elapsed: number
  /** timers set so far, which puts those due at the same time in order */
  turns: number
  readonly timers: TimerHeap<Timer>
}

export type Work = (this: SchedulerAction<unknown>, state: unknown) => void

const MAX_DELAY = 2 ** 31 - 1

/** One timer; a class because RxJS wants an action that is a Subscription and reschedules itself. */
export class Timer extends Subscription implements SchedulerAction<unknown>, Timed {
  due = 0
  turn = 0
  slot = -1
  delay = 0
  readonly work: Work
  private state: unknown = undefined
  private readonly clock: Ticks

  constructor(clock: Ticks, work: Work) {
    super()
    this.clock = clock
    this.work = work
  }

  schedule(state?: unknown, delay = 0): Subscription {
    if (this.closed) return this
    if (!(delay <= MAX_DELAY)) {
      const expected = `at most ${MAX_DELAY} ms (a real timer fires a longer one at once)`
      throw configError('A delay', expected, delay)
    }
    const { clock } = this
    clock.timers.remove(this)
    this.state = state
    this.delay = Math.max(0, delay)
    this.due = clock.elapsed + this.delay
    this.turn = clock.turns++
    clock.timers.push(this)
    return this
  }

  run(): void {
    try {
      this.work(this.state)
    } catch (error) {
      this.unsubscribe()
      throw error
    }
  }

  override unsubscribe(): void {
    this.clock.timers.remove(this)
    super.unsubscribe()
  }
}
