import type { Subscription } from 'rxjs'
import { runUser } from '../operators/from-user.ts'
import { commitError } from '../vocabulary/error-of.ts'
import { isFenced } from '../vocabulary/errors.ts'
import { printTime } from '../vocabulary/time.ts'
import type { AlarmRecord } from './record.ts'
import { withinTime } from './within-time.ts'
import type { Work } from './work.ts'

/** Makes the desired alarm durable; `free` is called when the store is free again. */
export function startCommit(alarm: AlarmRecord, work: Work, free: () => void): Subscription | null {
  const { key, epoch, config } = alarm
  const issuedAt = alarm.observedAt()
  const commit = alarm.commitIssued(work)
  const { time } = commit
  const failed = (cause: unknown): void => {
    alarm.commitFailed(commit, issuedAt, cause)
    alarm.fail(isFenced(cause) ? cause : commitError(key, printTime(time), cause))
  }
  return runUser('commit', () => withinTime(config, 'commit', () => config.commit(time, { key, epoch })), {
    complete: () => alarm.callEnded(work, () => alarm.commitAcknowledged(commit, work, issuedAt), free),
    error: (cause) => alarm.callEnded(work, () => failed(cause), free),
  })
}
