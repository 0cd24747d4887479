import { delayOf, type Failures, isExhausted, redeliver, retryUncounted } from '../ledger/redelivery.ts'
import type { AlarmTime } from '../vocabulary/time.ts'

/** A named timer, as plain data. */
export interface Timer extends Failures {
  readonly name: string
  /** what it was set to, ms since the epoch */
  readonly time: number
  /** when it is handled next: at its time, or at the end of its back-off */
  readonly due: number
  /** which set of them all it was: the same time set again is another timer */
  readonly serial: number
}

/** The timers of an actor, the next one first: plain data, to be stored as it is, as JSON too. */
export interface Timers {
  /** sets so far */
  readonly sets: number
  readonly list: readonly Timer[]
}

export const noTimers: Timers = { sets: 0, list: [] }

/** The alarm that the timers need. */
export function earliest({ list }: Timers): AlarmTime {
  return list[0]?.due ?? null
}

export function findTimer({ list }: Timers, name: string): Timer | undefined {
  return list.find((timer) => timer.name === name)
}

/** The timers that are due, in the order of their times. */
export function dueTimers({ list }: Timers, now: number): readonly Timer[] {
  return list.filter(({ due }) => due <= now)
}

/** Sets a timer, in place of the one of that name; the failures of that one are dropped. */
export function setTimer({ sets, list }: Timers, name: string, time: number): Timers {
  const serial = sets + 1
  const timer = { name, time, due: time, serial, counted: 0, uncounted: 0 }
  return { sets: serial, list: inOrder([...without(list, name), timer]) }
}

/** The same timers, if there is none of that name. */
export function deleteTimer(timers: Timers, name: string): Timers {
  return findTimer(timers, name) === undefined ? timers : { ...timers, list: without(timers.list, name) }
}

/** Whether it is still there, and was not set again. */
export function isStanding(timers: Timers, { name, serial }: Timer): boolean {
  return findTimer(timers, name)?.serial === serial
}

/** Which timer of this actor it is: the same on each try, another one for each set. */
export function timerId({ serial }: Timer): string {
  return `${serial}`
}

/** Whether a set to that time would change nothing. */
export function isSetTo(timer: Timer, time: number): boolean {
  return timer.time === time && timer.counted + timer.uncounted === 0
}

/** Its handler has succeeded: it is removed, unless it was set again meanwhile. */
export function timerDone(timers: Timers, timer: Timer): Timers {
  return isStanding(timers, timer) ? deleteTimer(timers, timer.name) : timers
}

/**
 * Its handler has failed: it is due again after a back-off of its own, unless it was set again meanwhile.
 *
 * The back-off is a manager's: 2 s, doubling, six retries that count. After the last one it is due at once, to be abandoned.
 */
export function timerFailed(timers: Timers, timer: Timer, error: unknown, now: number): Timers {
  if (!isStanding(timers, timer)) return timers
  const { name } = timer
  const { failures, delay } = isExhausted(timer) ? retryUncounted(name, timer) : redeliver(name, timer, error)
  const again = { ...timer, ...failures, due: Math.ceil(now) + (delay ?? 0) }
  return { ...timers, list: inOrder([...without(timers.list, name), again]) }
}

/** The same timers where the clock was not set back; a back-off then begins again, and is no longer than it is. */
export function bounded(timers: Timers, now: number): Timers {
  const endOf = (timer: Timer): number => Math.ceil(now) + delayOf(timer.name, timer)
  const isLonger = (timer: Timer): boolean => timer.counted + timer.uncounted > 0 && timer.due > endOf(timer)
  if (!timers.list.some(isLonger)) return timers
  const list = timers.list.map((timer) => (isLonger(timer) ? { ...timer, due: endOf(timer) } : timer))
  return { ...timers, list: inOrder(list) }
}

function without(list: readonly Timer[], name: string): readonly Timer[] {
  const at = list.findIndex((timer) => timer.name === name)
  return at === -1 ? list : list.toSpliced(at, 1)
}

function inOrder(list: readonly Timer[]): readonly Timer[] {
  return list.toSorted((a, b) => a.due - b.due || a.serial - b.serial)
}
