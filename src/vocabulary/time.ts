import { timeError } from './error-of.ts'
import { given } from './given.ts'

/** When an actor wants to be woken: milliseconds since the epoch, or `null` for never. */
export type AlarmTime = number | null

/** How a time stands to the bound: a manager write before it, after it (a delete is a move to never), or at it. */
export type Move = 'earlier' | 'later' | 'same'

/** Whether `a` comes before `b`; never (`null`) comes after every time. */
export function isBefore(a: AlarmTime, b: AlarmTime): boolean {
  return a !== null && (b === null || a < b)
}

/** Classifies a time against a bound. */
export function moveTo(time: AlarmTime, bound: AlarmTime): Move {
  if (time === bound) return 'same'
  return isBefore(time, bound) ? 'earlier' : 'later'
}

/** Reads a time that a user gave, or throws `ALARM_TIME_INVALID` before anything has changed. */
export function checkTime(time: number | Date): number {
  const ms = typeof time === 'number' ? time : millisecondsOf(time)
  if (!Number.isSafeInteger(ms) || ms < 0) throw timeError(time)
  return ms === 0 ? 0 : ms // -0 becomes 0; a sum would be another number in memory for each intent
}

/** Not by instanceof: what a frame or a `node:vm` context makes is a Date of its own realm. */
function millisecondsOf(date: Date): number {
  try {
    return Date.prototype.getTime.call(date)
  } catch {
    return Number.NaN
  }
}

/** Like `checkTime`, for places where `null` is a time too. */
export function checkAlarmTime(time: AlarmTime): AlarmTime {
  return time === null ? null : checkTime(time)
}

/** A time for people: the number, or `none`. */
export function printTime(time: AlarmTime): string {
  return time === null ? 'none' : given(time)
}
