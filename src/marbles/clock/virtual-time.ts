import type { Subscription } from 'rxjs'
import { animationFrameProvider } from 'rxjs/internal/scheduler/animationFrameProvider'
import { dateTimestampProvider } from 'rxjs/internal/scheduler/dateTimestampProvider'
import { immediateProvider } from 'rxjs/internal/scheduler/immediateProvider'
import { intervalProvider } from 'rxjs/internal/scheduler/intervalProvider'
import { performanceTimestampProvider } from 'rxjs/internal/scheduler/performanceTimestampProvider'
import { timeoutProvider } from 'rxjs/internal/scheduler/timeoutProvider'
import { TestScheduler } from 'rxjs/testing'
import { MarblesError } from '../scenario/marbles-error.ts'
import { openTurns } from './promise-turns.ts'

/** A run in virtual time: what begins it, and what is seen when nothing is left to happen. */
export interface Running<T> {
  /** ms at which the clock stops */
  readonly until: number
  /** actions of the kit's own, after which no promise can have been made */
  readonly looks?: ReadonlySet<Subscription>
  /** what was seen */
  end(): T
}

let isUnderWay = false

/** Runs at once, as TestScheduler does. */
export function runAtOnce<T>(scheduler: TestScheduler, begin: () => Running<T>): T {
  refuseAnother()
  return scheduler.run(() => {
    const { until, end } = begin()
    scheduler.maxFrames = until
    scheduler.flush()
    return end()
  })
}

/**
 * Runs turn by turn: after each action, promises settle before the next one. What RxJS takes for the time is the scheduler's all the while,
 * so there can be one such run at a time.
 */
export async function runByTurns<T>(scheduler: TestScheduler, begin: () => Running<T>): Promise<T> {
  refuseAnother()
  isUnderWay = true
  const leave = enter(scheduler)
  const turns = openTurns()
  try {
    const { until, looks, end } = begin()
    scheduler.maxFrames = until
    await turns.settle()
    for (let action = scheduler.actions[0]; action !== undefined; action = scheduler.actions[0]) {
      if (action.delay > until) break
      scheduler.actions.shift()
      scheduler.frame = action.delay
      const error: unknown = action.execute(action.state, action.delay)
      if (error) throw error
      if (looks?.has(action) !== true) await turns.settle()
    }
    return end()
  } finally {
    for (const action of [...scheduler.actions]) action.unsubscribe()
    turns.close()
    leave()
    isUnderWay = false
  }
}

function refuseAnother(): void {
  if (!isUnderWay) return
  throw new MarblesError(
    'MARBLES_FAULT',
    'Expected one virtual run at a time, but one that waits for promises is under way: there is one clock. ' +
      'Await it before the next one begins, and let no test with one be concurrent.',
  )
}

/** What `run` of TestScheduler does, except that the end of a function is not the end of it. */
function enter(scheduler: TestScheduler): () => void {
  const own = scheduler as unknown as OwnParts
  const { frameTimeFactor } = TestScheduler
  const { interval, timeout, immediate } = own.createDelegates()
  TestScheduler.frameTimeFactor = 1
  own.runMode = true
  const parts = [
    [animationFrameProvider, own.createAnimator().delegate],
    [dateTimestampProvider, scheduler],
    [immediateProvider, immediate],
    [intervalProvider, interval],
    [timeoutProvider, timeout],
    [performanceTimestampProvider, scheduler],
  ] as readonly (readonly [{ delegate: unknown }, unknown])[]
  for (const [provider, delegate] of parts) provider.delegate = delegate
  return () => {
    TestScheduler.frameTimeFactor = frameTimeFactor
    own.runMode = false
    for (const [provider] of parts) provider.delegate = undefined
  }
}

/** What TestScheduler keeps to itself. */
interface OwnParts {
  runMode: boolean
  createAnimator(): { readonly delegate: unknown }
  createDelegates(): Readonly<Record<'immediate' | 'interval' | 'timeout', unknown>>
}
