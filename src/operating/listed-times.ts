import type { ListedAlarm } from '../vocabulary/listed-alarm.ts'

/** When it was due, or is next. What is being delivered is looked at again when its lease ends; it was due before. */
export function dueOf({ lease, due, time }: ListedAlarm): number {
  return lease === null ? (due ?? time) : time
}

/** Whether an operator put it off. What backs off waits, too, and is no such. */
export function isPutOff({ state, time, due }: ListedAlarm): boolean {
  return state === 'pending' && due !== time
}
