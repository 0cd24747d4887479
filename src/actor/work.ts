import { Subscription } from 'rxjs'
import type { AlarmTime } from '../vocabulary/time.ts'
import type { Flight } from './rules.ts'
import type { Waiter } from './waiting.ts'
import type { Writer } from './writer.ts'

/** A delivery that is being handled. */
export interface Run {
  /** `deferred`: the handler's success will delete the alarm; `answer`: it did, and the answer deletes the manager's copy */
  deletion: 'none' | 'deferred' | 'answer'
  /** the last write that is not newer than this delivery */
  readonly since: number
}

/** What exists only while something is in flight, held or waited for: an idle actor has none of it. */
export class Work implements Flight {
  committing = false
  commits: AlarmTime = null
  writing = false
  owed = false
  resting = false
  touched = false
  again = false
  /** of the later write: how often it was tried */
  attempt = 0
  lastError: unknown = undefined
  /** the time that the write in flight carries, and whether it is a precommit */
  carries: AlarmTime = null
  isPrecommit = false
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
  /** the pipe, while a move waits for the write in flight */
  writer: Writer | null = null
  /** what waits for all to be durable, or to be with the manager; and how many of them have not left */
  waiting: Waiter[] | null = null
  waits = 0

  /** All of it, also when a user's teardown throws on the way. */
  close(): void {
    const all = new Subscription()
    for (const under of [this.commit, this.write, this.rest, this.writer]) {
      all.add(() => (under instanceof Subscription ? under.unsubscribe() : under?.close()))
    }
    all.unsubscribe()
  }
}
