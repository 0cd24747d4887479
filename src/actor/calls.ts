import type { Subscription } from 'rxjs'
import { runUser } from '../operators/from-user.ts'
import { commitError, precommitError } from '../vocabulary/error-of.ts'
import { AlarmError, isFenced } from '../vocabulary/errors.ts'
import { printTime } from '../vocabulary/time.ts'
import { restOf, retriesOf } from './config.ts'
import { writeRaised } from './raise-epoch.ts'
import { commitAcknowledged, commitFailed, commitIssued } from './record/commits.ts'
import type { AlarmRecord } from './record/record.ts'
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
  const { time, move, fence, attempt } = write
  const { config, key, issued: sequence } = alarm
  const issuedAt = alarm.observedAt()
  const call = (fence: number) =>
    withinTime(config, 'write', () => config.write(time, { key, move, fence, attempt }))
  const raised = (fence: number): void => {
    write = { ...write, fence }
  }
  const acknowledged = (): void => writeAcknowledged(alarm, write, sequence, work, issuedAt)
  const failed = (error: unknown): void => {
    const fenced = isFenced(error)
    writeFailed(alarm, write, work, issuedAt, error, fenced)
    if (fenced) alarm.fail(error)
    else if (step === 'earlier') alarm.fail(precommitError(key, printTime(time), error))
    else restOrGiveUp(alarm, work, write, error)
  }
  const mayRaise = config.raise !== undefined
  const issue = () => (mayRaise ? writeRaised(alarm, fence, step === 'later', call, raised) : call(fence))
  return runUser('write', issue, {
    complete: () => alarm.callEnded(work, acknowledged, free),
    error: (error) => alarm.callEnded(work, () => failed(error), free),
  })
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

/** Makes the desired alarm durable; `free` is called when the store is free again. */
export function startCommit(alarm: AlarmRecord, work: Work, free: () => void): Subscription | null {
  const { key, epoch, config } = alarm
  const issuedAt = alarm.observedAt()
  const commit = commitIssued(alarm, work)
  const { time } = commit
  const failed = (cause: unknown): void => {
    commitFailed(alarm, commit, issuedAt, cause)
    alarm.fail(isFenced(cause) ? cause : commitError(key, printTime(time), cause))
  }
  return runUser('commit', () => withinTime(config, 'commit', () => config.commit(time, { key, epoch })), {
    complete: () => alarm.callEnded(work, () => commitAcknowledged(alarm, commit, work, issuedAt), free),
    error: (cause) => alarm.callEnded(work, () => failed(cause), free),
  })
}
