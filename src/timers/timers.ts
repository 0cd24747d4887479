import type { AlarmTime } from '../vocabulary/time.ts'
import { bounded, newTimer, type Timer } from './timer.ts'
import type { Place } from './timer-rows.ts'

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

/** The timers that are due, in the order of their times, after a place. */
export function dueTimers({ list }: Timers, until: number, after: Place | null): readonly Timer[] {
  return list.filter((timer) => timer.due <= until && (after === null || byPlace(after, timer) < 0))
}

/** Sets a timer, in place of the one of that name; the failures of that one are dropped. */
export function setTimer(timers: Timers, name: string, time: number): Timers {
  return putTimer(timers, newTimer(name, time, timers.sets + 1))
}

/** Puts a timer in place of the one of its name. */
export function putTimer({ sets, list }: Timers, timer: Timer): Timers {
  return { sets: Math.max(sets, timer.serial), list: inOrder([...without(list, timer.name), timer]) }
}

/** The same timers, if there is none of that name. */
export function deleteTimer(timers: Timers, name: string): Timers {
  return findTimer(timers, name) === undefined ? timers : { ...timers, list: without(timers.list, name) }
}

/** The same timers where the clock was not set back; a back-off then begins again, and is no longer than it is. */
export function boundedTimers(timers: Timers, now: number): Timers {
  const isLonger = (timer: Timer): boolean =>
    timer.counted + timer.uncounted > 0 && bounded(timer, now) !== timer
  if (!timers.list.some(isLonger)) return timers
  return { ...timers, list: inOrder(timers.list.map((timer) => bounded(timer, now))) }
}

function without(list: readonly Timer[], name: string): readonly Timer[] {
  const at = list.findIndex((timer) => timer.name === name)
  return at === -1 ? list : list.toSpliced(at, 1)
}

function inOrder(list: readonly Timer[]): readonly Timer[] {
  return list.toSorted(byPlace)
}

/** The order in which timers are handled. */
export function byPlace(a: Place, b: Place): number {
  return (a.due ?? Infinity) - (b.due ?? Infinity) || a.serial - b.serial
}
