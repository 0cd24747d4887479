import { type MonoTypeOperatorFunction, type SchedulerLike, throwError, timeout } from 'rxjs'
import type { AlarmError } from '../../vocabulary/errors.ts'

/** ms that closing waits for stores and managers to answer */
export const CLOSE_LIMIT = 5_000

/** Errors where the end does not come within the limit of a close. */
export function withinLimit(
  scheduler: SchedulerLike,
  tooLate: () => AlarmError,
): MonoTypeOperatorFunction<never> {
  return timeout({ first: CLOSE_LIMIT, scheduler, with: () => throwError(tooLate) })
}
