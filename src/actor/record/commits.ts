import { type AlarmTime, isBefore } from '../../vocabulary/time.ts'
import type { Work } from '../work.ts'
import type { AlarmRecord } from './record.ts'

/** A commit in flight: the alarm that it carries, and the intents that it covers. */
export interface Commit {
  readonly time: AlarmTime
  readonly covers: number
}

export function commitIssued(alarm: AlarmRecord, work: Work): Commit {
  const { desired: time } = alarm
  work.stirred = true
  work.committing = true
  work.commits = time
  work.touched = false
  if (alarm.telemetry !== null) alarm.tell({ kind: 'commit-issued', time })
  return { time, covers: work.asked }
}

export function commitAcknowledged(
  alarm: AlarmRecord,
  { time, covers }: Commit,
  work: Work,
  issuedAt: number | null,
): void {
  const { committed: replaced, bound } = alarm
  const isSuperseded = work.behind
  work.committing = false
  alarm.committed = time
  work.covered = covers
  work.behind = isBefore(bound, time)
  if (alarm.telemetry === null) return
  alarm.tell({ kind: 'commit-acknowledged', time, took: alarm.took(issuedAt) })
  if (isSuperseded) alarm.tell({ kind: 'superseded', before: 'write', time: replaced, by: time })
}

export function commitFailed(
  alarm: AlarmRecord,
  { time }: Commit,
  issuedAt: number | null,
  error: unknown,
): void {
  if (alarm.telemetry !== null) {
    alarm.tell({ kind: 'commit-failed', time, took: alarm.took(issuedAt), error })
  }
}
