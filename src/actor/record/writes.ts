import type { AlarmStory } from '../../vocabulary/event.ts'
import { fenceOf } from '../../vocabulary/fence.ts'
import { moveTo } from '../../vocabulary/time.ts'
import { clockOf } from '../config.ts'
import type { Work } from '../work.ts'
import type { AlarmRecord } from './record.ts'

/** A manager write, as its events say it. */
export type Write = Pick<Extract<AlarmStory, { kind: 'write-issued' }>, 'move' | 'time' | 'fence' | 'attempt'>

/** Takes the next fence; for a later move the bound rises now, since from here on the manager may hold the later time. */
export function writeIssued(alarm: AlarmRecord, step: 'earlier' | 'later', work: Work): Write {
  const oneMore = alarm.config.raise === undefined ? 0 : 1
  const fence = fenceOf(alarm.fenceEpoch, alarm.issued + 1, alarm.spare + oneMore)
  const isPrecommit = step === 'earlier'
  if (isPrecommit) retryDropped(alarm) // it says all that a failed later move wanted to say
  const time = isPrecommit ? alarm.desired : alarm.committed
  const move = isPrecommit ? 'earlier' : moveTo(time, alarm.bound)
  const write: Write = { move, time, fence, attempt: ++work.attempt }
  alarm.issued++
  work.stirred = true
  work.writing = true
  work.carries = time
  work.isPrecommit = isPrecommit
  work.owed = false
  if (!isPrecommit) {
    if (time !== alarm.bound) alarm.setBy = alarm.issued
    alarm.bound = time
    work.behind = false
  }
  if (alarm.telemetry !== null) alarm.tell({ kind: 'write-issued', ...write })
  return write
}

/** The bound of a precommit moves only now: one that may not have been applied must not let its commit go. */
export function writeAcknowledged(
  alarm: AlarmRecord,
  write: Write,
  sequence: number,
  work: Work,
  issuedAt: number | null,
): void {
  work.writing = false
  work.attempt = 0
  alarm.acked = sequence
  if (work.isPrecommit) {
    alarm.bound = write.time
    alarm.setBy = sequence
    // Delivered before it was acknowledged, and asked again since, it needs another one.
    work.again &&= alarm.desired === write.time && alarm.stale >= sequence
  }
  if (alarm.telemetry !== null) {
    alarm.tell({ kind: 'write-acknowledged', ...write, took: alarm.took(issuedAt) })
  }
}

export function writeFailed(
  alarm: AlarmRecord,
  write: Write,
  work: Work,
  issuedAt: number | null,
  error: unknown,
  isFenced: boolean,
): void {
  work.writing = false
  work.lastError = error
  if (alarm.telemetry === null) return
  const kind = isFenced ? 'write-fenced' : 'write-failed'
  alarm.tell({ kind, ...write, took: alarm.took(issuedAt), error })
}

export function writeGivenUp(alarm: AlarmRecord, write: Write, work: Work, error: unknown): void {
  work.attempt = 0
  if (alarm.telemetry !== null) alarm.tell({ kind: 'write-given-up', ...write, error })
}

/** The manager is owed the committed alarm once more, now. */
export function writeOwed(alarm: AlarmRecord): void {
  alarm.atWork().owed = true
  retryDropped(alarm)
}

/** Nothing waits for a later move: it rests and is tried again, with what is committed then. */
export function retryScheduled(alarm: AlarmRecord, write: Write, work: Work, delay: number): void {
  if (alarm.telemetry !== null) alarm.tell({ kind: 'write-retried', ...write, delay })
  work.resting = true
  work.rest = clockOf(alarm.config).schedule(() => {
    work.resting = false
    work.owed = true
    alarm.settle()
  }, delay)
}

function retryDropped(alarm: AlarmRecord): void {
  const { work } = alarm
  if (work === null) return
  work.rest?.unsubscribe()
  work.rest = null
  work.resting = false
  work.attempt = 0
}

export function epochRaised(alarm: AlarmRecord, held: number, epoch: number): number {
  const fence = fenceOf(epoch, alarm.issued)
  alarm.raisedTo = epoch
  if (alarm.telemetry !== null) alarm.tell({ kind: 'epoch-raised', held, epoch, fence })
  return fence
}

export function epochAdded(alarm: AlarmRecord, epoch: number): void {
  alarm.spare++
  if (alarm.telemetry !== null) alarm.tell({ kind: 'epoch-added', epoch })
}
