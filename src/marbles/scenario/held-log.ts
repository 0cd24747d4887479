import type { AlarmTime } from '../../index.ts'

/** What a manager has held, and until when. */
export interface HeldLog {
  /** it holds this from now on */
  holds(time: AlarmTime): void
  /**
   * Whether a delivery may be under way: the manager holds that time, or held it at some moment since it was due, so that it may have
   * begun before another one was written to the manager.
   */
  mayDeliver(time: number): boolean
}

/** `now` is the actor's clock. */
export function openHeldLog(first: AlarmTime, now: () => number): HeldLog {
  let held = first
  const until = new Map<number, number>()
  return {
    holds(time) {
      if (held !== null && held !== time) until.set(held, now())
      held = time
    },
    mayDeliver: (time) => held === time || (until.get(time) ?? -1) >= time,
  }
}
