import type { StoredTimerInfo } from '../timers/stored-timers.ts'
import { type TimerRow, timerId } from '../timers/timer.ts'
import { timerQueue } from '../timers/timer-queue.ts'
import type { TimerRows } from '../timers/timer-rows.ts'
import { isSpent, type TimerRules } from '../timers/timer-rules.ts'
import { fieldOf } from '../vocabulary/safe-field.ts'

/** What a class does at a timer; what it returns is awaited if it is a promise. */
export type ObjectHandler<P = unknown> = (timer: StoredTimerInfo<P>) => unknown

/** One delivery. */
export interface ObjectRun {
  readonly handler: ObjectHandler
  readonly abandon: ObjectHandler | undefined
  /** the timer whose handler was cut off with the delivery before, if there is one */
  readonly cutOff: TimerRow | null
  /** the one whose handler runs */
  timer: TimerRow | null
  /** It was cut off itself: what its handler comes to does not count any more. */
  isOver: boolean
}

interface DueParts {
  readonly rows: TimerRows
  readonly rules: TimerRules
  readonly now: () => number
  readonly budget: number
  /** Commits what was done so far. */
  readonly commit: () => Promise<void>
}

const MOST = 500 // synchronous handlers in one commit; a Worker's clock stands still until then

/**
 * Handles what is due, one at a time, until the budget is used up. What a synchronous handler has changed is in one commit with the end of its
 * timer: nothing is awaited between the two.
 */
export async function handleDue(
  run: ObjectRun,
  { rows, rules, now, budget, commit }: DueParts,
): Promise<void> {
  const end = now() + budget
  let handled = 0
  if (run.cutOff !== null) over(run.cutOff, { error: new Error('The platform has cut its handler off.') })
  const queue = timerQueue(rows, now(), new Map())
  for (let due = queue.next(); due !== null; due = now() < end && !run.isOver ? queue.next() : null) {
    const working = handleOne(due)
    if (working !== null) await working
    else if (++handled % MOST === 0) await commit()
  }

  function handleOne({ name, serial }: TimerRow): Promise<void> | null {
    // One that was handled before it may have deleted it, or set it again.
    const standing = rows.find(name)
    if (standing?.serial !== serial) return null
    const { runs, timer } = rules.begin(standing, now())
    if (!runs || timer === null) return keep(name, timer)
    const isLast = isSpent(timer)
    if (isLast && run.abandon === undefined) return keep(name, rules.givenUp(timer, now(), rows.sets() + 1))
    return call(timer, isLast ? (run.abandon as ObjectHandler) : run.handler)
  }

  function call(timer: TimerRow, handler: ObjectHandler): Promise<void> | null {
    run.timer = timer
    let result: unknown
    try {
      result = handler(infoOf(timer))
    } catch (error) {
      return over(timer, { error })
    }
    if (!isThenable(result)) return over(timer, null)
    return Promise.resolve(result).then(
      () => void over(timer, null),
      (error: unknown) => void over(timer, { error }),
    )
  }

  function over(timer: TimerRow, failure: { error: unknown } | null): null {
    if (run.isOver) return null
    run.timer = null
    const standing = rows.find(timer.name)
    if (standing?.serial !== timer.serial) return null
    const next = rows.sets() + 1
    const hasAbandon = run.abandon !== undefined
    return keep(
      timer.name,
      failure === null
        ? rules.succeeded(timer, standing, now(), next)
        : rules.failed(timer, standing, { error: judged(failure.error), hasAbandon }, now(), next),
    )
  }

  function keep(name: string, timer: TimerRow | null): null {
    if (timer === null) rows.remove(name)
    else rows.put(timer)
    return null
  }
}

function infoOf(timer: TimerRow): StoredTimerInfo {
  const { name, time, counted, payload } = timer
  return { id: timerId(timer), name, scheduledTime: time, retryCount: counted, isRetry: counted > 0, payload }
}

function isThenable(result: unknown): result is PromiseLike<unknown> {
  return typeof fieldOf(result, 'then') === 'function'
}

/** What the platform says of its own errors: they are not the handler's, and do not count. */
function judged(error: unknown): unknown {
  const isPlatforms = fieldOf(error, 'retryable') === true || fieldOf(error, 'durableObjectReset') === true
  return isPlatforms && fieldOf(error, 'counted') === undefined ? uncounted(error) : error
}

function uncounted(error: unknown): object {
  const [name, message, stack] = ['name', 'message', 'stack'].map((field) => fieldOf(error, field))
  return { name, message, stack, counted: false }
}
