import type { ObservableInput, Subscription } from 'rxjs'
import { runUser, type UserCall } from '../operators/from-user.ts'
import { commitError, precommitError } from '../vocabulary/error-of.ts'
import { AlarmError, isFenced } from '../vocabulary/errors.ts'
import { printTime } from '../vocabulary/time.ts'
import { restOf, retriesOf } from './config.ts'
import { writeRaised } from './raise-epoch.ts'
import { type Commit, commitAcknowledged, commitFailed, commitIssued } from './record/commits.ts'
import type { AlarmRecord, Ending } from './record/record.ts'
import {
  retryScheduled,
  type Write,
  writeAcknowledged,
  writeFailed,
  writeGivenUp,
  writeIssued,
} from './record/writes.ts'
import { isEarlier } from './rules.ts'
import { withinTime } from './within-time.ts'
import type { Work } from './work.ts'

/** One manager write, of what the step comes to at this moment; `free` is called when the writer is free again. */
export function startWrite(
  alarm: AlarmRecord,
  work: Work,
  step: 'earlier' | 'later',
  free: () => void,
): Subscription | null {
  let write: Write
  try {
    write = writeIssued(alarm, step, work)
  } catch (error) {
    // It has no fence left; or the clock has thrown.
    if (error instanceof AlarmError) alarm.fail(error)
    else alarm.breakBy(error)
    return null
  }
  return runUser('write', new WriteCall(alarm, work, step, write, free))
}

/** Makes the desired alarm durable; `free` is called when the store is free again. */
export function startCommit(alarm: AlarmRecord, work: Work, free: () => void): Subscription | null {
  return runUser('commit', new CommitCall(alarm, work, free))
}

// Classes, and an object for each call: there are millions, and closures for all that may follow would cost more than the call.

class WriteCall implements UserCall, Ending {
  isOver = false
  readonly free: () => void
  private readonly alarm: AlarmRecord
  private readonly work: Work
  private readonly step: 'earlier' | 'later'
  private write: Write
  private readonly sequence: number
  private readonly issuedAt: number | null

  constructor(alarm: AlarmRecord, work: Work, step: 'earlier' | 'later', write: Write, free: () => void) {
    this.alarm = alarm
    this.work = work
    this.step = step
    this.write = write
    this.free = free
    this.sequence = alarm.issued
    this.issuedAt = alarm.observedAt()
  }

  call(): ObservableInput<unknown> {
    const { alarm, write } = this
    if (alarm.config.raise === undefined) return this.withFence(write.fence)
    const raised = (fence: number): void => {
      this.write = { ...this.write, fence }
    }
    return writeRaised(alarm, write.fence, this.step === 'later', (fence) => this.withFence(fence), raised)
  }

  private withFence(fence: number): ObservableInput<unknown> {
    const { config, key } = this.alarm
    const { time, move, attempt } = this.write
    return withinTime(config, 'write', config.write(time, { key, move, fence, attempt }))
  }

  complete(): void {
    this.alarm.callEnded(this.work, this)
  }

  error(error: unknown): void {
    this.alarm.callEnded(this.work, this, { error })
  }

  acknowledged(): void {
    writeAcknowledged(this.alarm, this.write, this.sequence, this.work, this.issuedAt)
  }

  failed(error: unknown): void {
    const { alarm, work, write } = this
    const fenced = isFenced(error)
    writeFailed(alarm, write, work, this.issuedAt, error, fenced)
    if (fenced) alarm.fail(error)
    else if (this.step === 'earlier') alarm.fail(precommitError(alarm.key, printTime(write.time), error))
    else restOrGiveUp(alarm, work, write, error)
  }
}

/** Nothing waits for a later move: it is tried again, unless an earlier one wants the writer, which says all that it did. */
function restOrGiveUp(alarm: AlarmRecord, work: Work, write: Write, error: unknown): void {
  if (isEarlier(alarm, work)) return
  let delay: number
  try {
    if (write.attempt > retriesOf(alarm.config)) throw error
    delay = restOf(alarm.config, write.attempt)
  } catch (reason) {
    writeGivenUp(alarm, write, work, reason)
    return
  }
  if (alarm.work === work) retryScheduled(alarm, write, work, delay)
}

class CommitCall implements UserCall, Ending {
  isOver = false
  readonly free: () => void
  private readonly alarm: AlarmRecord
  private readonly work: Work
  private readonly commit: Commit
  private readonly issuedAt: number | null

  constructor(alarm: AlarmRecord, work: Work, free: () => void) {
    this.alarm = alarm
    this.work = work
    this.free = free
    this.issuedAt = alarm.observedAt()
    this.commit = commitIssued(alarm, work)
  }

  call(): ObservableInput<unknown> {
    const { config, key, epoch } = this.alarm
    const { time } = this.commit
    return withinTime(config, 'commit', config.commit(time, { key, epoch }))
  }

  complete(): void {
    this.alarm.callEnded(this.work, this)
  }

  error(error: unknown): void {
    this.alarm.callEnded(this.work, this, { error })
  }

  acknowledged(): void {
    commitAcknowledged(this.alarm, this.commit, this.work, this.issuedAt)
  }

  failed(cause: unknown): void {
    const { alarm, commit } = this
    commitFailed(alarm, commit, this.issuedAt, cause)
    alarm.fail(isFenced(cause) ? cause : commitError(alarm.key, printTime(commit.time), cause))
  }
}
