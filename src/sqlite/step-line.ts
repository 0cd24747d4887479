import type { SchedulerLike, Subscription } from 'rxjs'
import type { AlarmError } from '../vocabulary/errors.ts'

/** What waits for the write lock: its scheduler, and for how long, ms. */
export interface Patience {
  readonly scheduler: SchedulerLike
  readonly busyTimeout: number
}

/** Takes back the steps that found the file locked: nothing of them was done. */
export type Locked<S> = (error: AlarmError, steps: readonly S[]) => void

/** Steps that need the write lock. Where another connection has it they wait on the scheduler, not in the thread. */
export interface StepLine<S> {
  /** Takes a step; whether it has to be attempted: no other one waits. */
  add(step: S): boolean
  /** Performs what has been added, unless the file is locked: then it rests and tries again, each step until its patience is over. */
  attempt(): void
  /** Performs what has been added now, and waits for the lock in the thread; whether there was anything. */
  flush(): boolean
}

const LONGEST = 100 // ms between two tries, as SQLite itself does at most

/** `perform` blocks where it is given no `locked`, and calls `failed` of a step by itself otherwise than for that. */
export function stepLine<S extends { failed(error: unknown): void }>(
  { scheduler, busyTimeout }: Patience,
  perform: (steps: readonly S[], locked?: Locked<S>) => void,
): StepLine<S> {
  let line: S[] = []
  let rest: Subscription | null = null
  let waited = 0 // ms of rests so far: a duration, which a step of the wall clock does not change
  const until = new Map<S, number>() // in terms of `waited`

  function take(): S[] {
    const taken = line
    line = []
    rest?.unsubscribe()
    rest = null
    return taken
  }

  function attempt(): void {
    const taken = take()
    if (taken.length === 0) return
    let refusal: AlarmError | null = null
    const left: S[] = []
    perform(taken, (error, steps) => {
      refusal = error
      left.push(...steps)
    })
    if (refusal === null) {
      settled(taken)
      return
    }
    const kept = new Set(left.filter((step) => (until.get(step) as number) > waited))
    settled(taken.filter((step) => !kept.has(step)))
    line = [...kept, ...line]
    restAWhile()
    for (const step of left) if (!kept.has(step)) step.failed(refusal)
  }

  function settled(steps: readonly S[]): void {
    for (const step of steps) until.delete(step)
    if (until.size === 0) waited = 0
  }

  function restAWhile(): void {
    const [first] = line
    if (first === undefined || rest !== null) return
    const ms = Math.min(Math.max(waited, 1), LONGEST, (until.get(first) as number) - waited)
    rest = scheduler.schedule(() => {
      waited += ms
      attempt()
    }, ms)
  }

  return {
    add(step) {
      until.set(step, waited + busyTimeout)
      return line.push(step) === 1 && rest === null
    },
    attempt,
    flush() {
      const taken = take()
      if (taken.length === 0) return false
      settled(taken)
      perform(taken)
      return true
    },
  }
}
