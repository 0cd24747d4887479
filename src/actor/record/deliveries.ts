import type { AlarmTime } from '../../vocabulary/time.ts'
import type { Run, Work } from '../work.ts'
import type { AlarmRecord } from './record.ts'

/** What a delivery's events say of it. */
export interface Delivered {
  readonly scheduledTime: number
  readonly retryCount: number
}

/** The delivery of the alarm of `since` has begun, or that of any so far, where another one is run in place of it. */
export function deliveryBegun(alarm: AlarmRecord, since: number): void {
  alarm.begun = Math.max(alarm.begun, since)
}

export function handlerStarted(alarm: AlarmRecord, run: Run): void {
  alarm.atWork().run = run
}

/** The handler has succeeded. Whether its alarm is to be deleted, which the answer does at the manager. */
export function handlerDone(run: Run): boolean {
  if (run.deletion !== 'deferred') return false
  run.deletion = 'answer'
  return true
}

export function handlerEnded(alarm: AlarmRecord, run: Run): void {
  if (alarm.work?.run === run) alarm.work.run = null
}

/** The last write, counted when the alarm was given up. */
export function givenUp(alarm: AlarmRecord): void {
  alarm.atWork().abandoned = alarm.issued
}

/** Another alarm than the one that is given up is kept. */
export function anotherKept(alarm: AlarmRecord): void {
  // The manager holds it from here on, under the fence of the one that is given up: as at an opening, any delivery of it is its own.
  alarm.setBy = 0
  alarm.stale = alarm.begun = -1
}

/** The answer to what is given up is a move that the manager makes by itself: it is counted at once, and owed a newer write. */
export function movedByAnswer(alarm: AlarmRecord, kept: AlarmTime): void {
  if (alarm.bound === kept) return
  alarm.bound = kept
  alarm.atWork().owed = true
}

/** The manager drops its copy with an answer, where the deletion is durable: nothing may rely on the copy from then on. */
export function deletedByAnswer(alarm: AlarmRecord, work: Work): void {
  if (work.run !== null && isAnsweredByDeletion(alarm, work.run, work)) alarm.bound = null
  if (work.abandoned === null || alarm.committed !== null || work.committing) return
  // A newer write is owed or under way.
  if (alarm.acked <= work.abandoned) {
    alarm.bound = null
    work.owed ||= alarm.issued <= work.abandoned
  }
  work.abandoned = null
}

/** Where the delivery's answer will delete the manager's copy, it may hold nothing from here on: no write is owed. */
function isAnsweredByDeletion(alarm: AlarmRecord, run: Run, work: Work): boolean {
  if (run.deletion !== 'answer' || alarm.desired !== null || alarm.committed !== null) return false
  return !work.committing && !work.writing && alarm.issued <= run.since
}
