import { Subscription } from 'rxjs'
import type { AlarmTime } from '../vocabulary/time.ts'
import type { Line } from './lines.ts'
import type { Pipe } from './pipe.ts'
import type { Asked, Step } from './rules.ts'

/** A delivery that is being handled. */
export interface Run {
  /** `deferred`: the handler's success will delete the alarm; `answer`: it did, and the answer deletes the manager's copy */
  deletion: 'none' | 'deferred' | 'answer'
  /** the last write that is not newer than this delivery */
  readonly since: number
}

/** Its bit in what waits: a set of three costs nothing. */
const bit = { earlier: 1, commit: 2, later: 4 } as const satisfies Record<Step, number>

export const isWaiting = (work: Work, step: Step): boolean => (work.waits & bit[step]) !== 0
const both = bit.earlier | bit.commit
/** An earlier move and a commit do. */
export const bothWait = ({ waits }: Work): boolean => (waits & both) === both
export const withStep = (waits: number, step: Step): number => waits | bit[step]
export const withoutStep = (waits: number, step: Step): number => waits & ~bit[step]

/** What exists only while something is in flight, held or waited for: an idle actor has none of it. */
export class Work implements Asked {
  touched = false
  again = false
  owed = false
  committing = false
  /** the alarm that the commit in flight carries */
  commits: AlarmTime = null
  writing = false
  /** the time that the write in flight carries, and whether it is a precommit */
  carries: AlarmTime = null
  isPrecommit = false
  /** a failed later write waits for its next attempt */
  resting = false
  /** of the later write: how often it was tried */
  attempt = 0
  lastError: unknown = undefined
  /** the steps that wait in the pipe, each at most once: it carries nothing */
  waits = 0
  /** what is committed is later than what was written to the manager: a later move waits */
  behind = false
  /** since when a precommit is held, by the clock */
  heldAt: number | null = null
  /** intents asked, the newest that closes the gate, and how many are durable */
  asked = 0
  gated = 0
  covered = 0
  /** something was issued since the alarm was drained last */
  stirred = false
  /** the rules are being applied; and something has happened that they have not seen yet */
  settling = false
  unsettled = false
  run: Run | null = null
  /** the last write before the alarm was abandoned, until its deletion is durable */
  abandoned: number | null = null
  commit: Subscription | null = null
  write: Subscription | null = null
  rest: Subscription | null = null
  /** in which steps wait for what is in flight; built when the first has to */
  pipe: Pipe | null = null
  /** what waits, by what it waits for; how many places there are, and how many were taken so far */
  lines: Line | null = null
  waiters = 0
  places = 0

  /** All of it, also when a user's teardown throws on the way. */
  close(): void {
    const all = new Subscription()
    for (const under of [this.commit, this.write, this.rest, this.pipe]) all.add(() => under?.unsubscribe())
    all.unsubscribe()
  }
}
