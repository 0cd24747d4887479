import type { AlarmTime } from '../../vocabulary/time.ts'

/** What to do with a wake-up: run the handler for an alarm, or put an early manager right. */
export type Arming = { readonly run: number; readonly deletes: boolean } | { readonly reschedule: AlarmTime }

/** The arming table: a pure decision on what the actor knows when the wake-up arrives. */
export function arm(
  { desired, isClean }: { readonly desired: AlarmTime; readonly isClean: boolean },
  scheduledTime: number,
  now: number,
  isStale = false,
): Arming {
  // Asked again after this one had begun: it is another alarm, and has a delivery of its own.
  if (desired === scheduledTime) return { run: scheduledTime, deletes: !isStale }
  // An intent that is not durable yet: the handler runs, and what was asked stands.
  if (!isClean) return { run: scheduledTime, deletes: false }
  // A little late beats very late: another round through the manager would only add to it.
  if (desired !== null && desired <= now) return { run: desired, deletes: true }
  return { reschedule: desired }
}
