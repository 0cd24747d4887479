import type { ObservableInput, SchedulerLike } from 'rxjs'
import { withinTime } from '../actor/within-time.ts'
import { hostOf } from '../fleet/closing/host.ts'
import type { AlarmManager } from '../vocabulary/manager.ts'

/** ms that a manager has for a write */
const LIMIT = 10_000

/** Limits the writes of a manager that is not ours: ours have limits of their own. */
export function limitWrites(
  manager: AlarmManager,
  scheduler: SchedulerLike,
): <T>(write: () => ObservableInput<T>) => ObservableInput<T> {
  if (hostOf(manager) !== null) return (write) => write()
  return (write) => withinTime({ timeout: LIMIT, scheduler }, 'write', write())
}
