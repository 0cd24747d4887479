import type { LastError } from '../vocabulary/listed-alarm.ts'
import type { WriteInfo } from '../vocabulary/manager.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import type { Failures } from './redelivery.ts'

/** What a manager holds of one actor; also when it holds no alarm, because a removal leaves its fence. */
export interface HeldAlarm extends Failures {
  readonly key: string
  /** the alarm, `null` for none */
  readonly time: AlarmTime
  /** of the last write */
  readonly fence: number
  /** of the write that set this alarm; writing the same one once more raises the fence only */
  readonly setBy: number
  /** what was delivered and removed under this fence: its write arriving once more must not revive it */
  readonly done: AlarmTime
  /** when to look at it next: at its time, or the end of its back-off or of its lease; `null` for never: no alarm, or one that has failed */
  readonly due: AlarmTime
  /** its time has come, and it was delivered: what it waits for now is the end of a lease or of a back-off, wherever the clock is set */
  readonly begun: boolean
  /** it was due while it was paused, in this generation of pauses: it is not looked at before the next one */
  readonly aside: number | null
  /** until then only the holder may deliver, and answer */
  readonly leasedUntil: number | null
  readonly holder: string | null
  /** of this alarm */
  readonly lastError: LastError | null
  /** by which old removals are forgotten, and a clock is found out that was stepped back */
  readonly changedAt: number
}

/** What the end of a delivery says of the alarm that was delivered. */
export type Answer = { readonly delivered: HeldAlarm } & (
  | { readonly kind: 'done' }
  | {
      readonly kind: 'failed'
      readonly failures: Failures
      readonly lastError: LastError
      /** ms until it is delivered again; `null`: it is given up next */
      readonly delay: number | null
    }
  /** `kept` is the newer alarm that stands */
  | { readonly kind: 'abandoned'; readonly kept: AlarmTime }
  /** no retry is left, and nothing abandons it: it is kept as failed */
  | { readonly kind: 'given-up' }
  /** the lease is given back unused */
  | { readonly kind: 'released' }
)

/** Which alarm it is: by the write that set it, and its time, because what is kept in place of an abandoned one was set by none. */
export function alarmId({ setBy, time }: HeldAlarm): string {
  return `${setBy}-${time}`
}

const noFailures = { counted: 0, uncounted: 0, lastError: null }

/** After a write whose fence is not below the one held. `held` itself where the write changes nothing. */
export function written(
  before: HeldAlarm | undefined,
  key: string,
  time: AlarmTime,
  { fence, move }: WriteInfo,
  now: number,
): HeldAlarm {
  const alarm = {
    ...noFailures,
    key,
    time,
    fence,
    setBy: fence,
    done: null,
    begun: false,
    aside: null,
    changedAt: now,
  }
  if (before === undefined) return { ...alarm, due: time, leasedUntil: null, holder: null }
  const held = byClock(before, now)
  if (fence === held.fence && (time === held.time || (time !== null && time === held.done))) return before
  // An actor writes its alarm once more when it opens: were that a new one, every restart would wipe its failures and its back-off.
  if (move === 'same' && time !== null && time === held.time) return { ...held, fence }
  // One delivery per key: the new time waits for the answer, or for the end of the lease.
  const due = time === null ? null : Math.max(time, held.leasedUntil ?? time)
  return { ...held, ...alarm, due }
}

/** A clock that was set back while nothing ran makes no lease and no back-off longer: they begin again. */
function byClock(held: HeldAlarm, now: number): HeldAlarm {
  return now >= held.changedAt ? held : shifted(held, now - held.changedAt, now)
}

/**
 * After the wall clock was set forward by so much, or back (below 0): a lease and a back-off end when they would have ended. What only waits
 * for its time goes by the new clock, and a removal is as old as it was.
 */
export function shifted(held: HeldAlarm, by: number, now: number): HeldAlarm {
  const { time, due, begun, leasedUntil, changedAt } = held
  const end = leasedUntil === null ? null : leasedUntil + by
  if (time === null) return { ...held, leasedUntil: end, changedAt: changedAt + by }
  if (due === null || (!begun && end === null)) return held
  if (by > 0 && due <= now - by) return held // it was over by then
  const over = end ?? due + by
  return { ...held, due: begun ? over : Math.max(time, over), leasedUntil: end, changedAt: now }
}

/** Once taken for delivery. If the holder dies, the alarm is due again at the end of the lease. */
export function leased(held: HeldAlarm, holder: string, now: number, leasedUntil: number): HeldAlarm {
  return { ...held, due: leasedUntil, begun: true, aside: null, leasedUntil, holder, changedAt: now }
}

/** A paused alarm that is due: it stays so, and is not looked at. */
export function setAside(held: HeldAlarm, generation: number): HeldAlarm {
  return { ...held, aside: generation }
}

/** After an answer, or `null` where it comes too late: the lease has passed to another holder. */
export function answered(held: HeldAlarm | undefined, answer: Answer, now: number): HeldAlarm | null {
  if (held === undefined || held.holder !== answer.delivered.holder) return null
  const free = { ...held, leasedUntil: null, holder: null, changedAt: now }
  const { kind, delivered } = answer
  if (kind === 'done' || kind === 'abandoned') {
    if (isWrittenSince(held, delivered)) return { ...free, ...noFailures, due: held.time, begun: false }
    const kept = kind === 'abandoned' ? answer.kept : null
    return {
      ...free,
      ...noFailures,
      time: kept,
      due: kept,
      begun: false,
      done: kept === null ? held.time : null,
    }
  }
  if (isReplaced(held, delivered)) return { ...free, due: held.time, begun: false }
  if (kind === 'failed') {
    // What is to be given up is put back first, so that it is known to be so even if this process dies on the way.
    const due = now + (answer.delay ?? 0)
    return { ...free, ...answer.failures, lastError: answer.lastError, due, begun: true }
  }
  if (kind === 'given-up') return { ...free, due: null }
  // It was due when it was taken, and a clock that was set back since makes it no later: only what has not begun goes by the new clock.
  return { ...free, due: delivered.begun ? now : delivered.time, begun: delivered.begun }
}

/** Whether it was given up and kept: it waits for an operator, or for a new alarm. */
export function isFailed({ time, due }: HeldAlarm): boolean {
  return time !== null && due === null
}

/** Whether an operator put it off to a time that is later than its own: that may have been a slip. */
export function isRescheduled({ time, due, begun, leasedUntil }: HeldAlarm): boolean {
  return time !== null && due !== null && due > time && !begun && leasedUntil === null
}

/** The same in SQL. */
export const RESCHEDULED = 'due > time AND NOT begun AND leased_until IS NULL'

/** An alarm that had failed, and is to be delivered again, with all its retries; or one whose lease a dead process has. */
export function retried(held: HeldAlarm, now: number): HeldAlarm {
  const { holder } = held
  if (holder !== null) return answered(held, { kind: 'released', delivered: held }, now) as HeldAlarm
  return { ...held, counted: 0, uncounted: 0, due: now, begun: true, changedAt: now }
}

/** An alarm that had failed, and is to be delivered again at a time of the clock, and never before its own. */
export function rescheduled(held: HeldAlarm, at: number, now: number): HeldAlarm {
  const due = Math.max(at, held.time as number)
  return { ...held, counted: 0, uncounted: 0, due, begun: false, changedAt: now }
}

/** A failed alarm that is removed. */
export function discarded(held: HeldAlarm, now: number): HeldAlarm {
  return { ...held, ...noFailures, time: null, due: null, done: held.time, changedAt: now }
}

/** Only the very write that was delivered may be removed: any later one asks for a delivery of its own. */
function isWrittenSince(held: HeldAlarm, delivered: HeldAlarm): boolean {
  return held.fence !== delivered.fence || held.time !== delivered.time
}

/** A failure is still this alarm's when it was merely written once more, as an actor does that opens for the delivery. */
export function isReplaced(held: Pick<HeldAlarm, 'setBy' | 'time'>, delivered: HeldAlarm): boolean {
  return held.setBy !== delivered.setBy || held.time !== delivered.time
}
