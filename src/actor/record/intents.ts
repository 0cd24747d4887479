import { type AlarmTime, moveTo } from '../../vocabulary/time.ts'
import type { Work } from '../work.ts'
import type { AlarmRecord } from './record.ts'

export function noteIntent(alarm: AlarmRecord, time: AlarmTime, unconfirmed: boolean): void {
  if (alarm.telemetry === null) return
  const { bound, committed } = alarm
  const again = alarm.isBegun(time)
  const move = again ? 'earlier' : moveTo(time, bound)
  alarm.tell({ kind: 'intent', time, move, unconfirmed, bound, committed, ...(again && { again }) })
}

/** An alarm is asked for, which may be the one that stands. An intent of its handler's decides: the handler's success deletes nothing. */
export function intended(alarm: AlarmRecord, time: AlarmTime, unconfirmed: boolean): void {
  noteIntent(alarm, time, unconfirmed)
  const run = alarm.work?.run
  if (run?.deletion === 'deferred') run.deletion = 'none'
}

export function noteTouch(alarm: AlarmRecord, unconfirmed: boolean): void {
  if (alarm.telemetry !== null) alarm.tell({ kind: 'touched', unconfirmed })
}

/** An alarm was asked for: another one, or the same time again after its delivery has begun. */
export function alarmAsked(alarm: AlarmRecord, time: AlarmTime, unconfirmed: boolean): Work {
  const replaced = alarm.desired
  if (alarm.telemetry !== null && replaced !== time && alarm.isStoreFree && replaced !== alarm.committed) {
    alarm.tell({ kind: 'superseded', before: 'commit', time: replaced, by: time })
  }
  alarm.desired = time
  const work = touched(alarm, unconfirmed)
  work.again = alarm.isBegun(time)
  alarm.stale = writesBefore(alarm, time)
  return work
}

/** The alarm that stands was asked for again. Whether the gate is closed for it. */
export function sameAsked(alarm: AlarmRecord, unconfirmed: boolean): boolean {
  // A delivery that has begun is of the alarm before this one, also where the write of this one was asked for by then.
  alarm.stale = Math.max(alarm.stale, alarm.begun)
  // The same value again is no move; but what was asked unconfirmed must be durable before the gate opens.
  if (unconfirmed || alarm.work === null) return false
  alarm.work.gated = alarm.work.asked
  return true
}

/** The state around the alarm changed: it needs a commit, and the gate, though the alarm stays. */
export function touched(alarm: AlarmRecord, unconfirmed: boolean): Work {
  const work = alarm.atWork()
  work.touched = true
  work.asked++
  if (!unconfirmed) work.gated = work.asked
  return work
}

/** A settled alarm is deleted. */
export function deletionAsked(alarm: AlarmRecord): void {
  noteIntent(alarm, null, false)
  alarm.desired = null
  touched(alarm, false).again = false
}

/** The last write that is not of the alarm just asked: all so far, unless the manager holds it already, or is being given it. */
function writesBefore(alarm: AlarmRecord, time: AlarmTime): number {
  const { work, bound, setBy, issued } = alarm
  if (work?.again === true) return issued
  if (time === bound) return setBy - 1
  return work?.writing === true && work.carries === time ? issued - 1 : issued
}
