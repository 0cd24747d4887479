import {
  catchError,
  defer,
  EMPTY,
  exhaustMap,
  merge,
  type SchedulerLike,
  type Subscription,
  timer,
} from 'rxjs'
import type { AlarmTable } from './alarm-table.ts'

const DAY = 86_400_000
const MINUTE = 60_000
const LEAST = 250
const MOST = 15_000

/**
 * Looks after what dead processes and steps of the clock leave, while this one delivers: leases and back-offs that would last longer, and
 * alarms that stayed set aside, as the process died that resumed them. Fences of removals are forgotten after a day, as many as there are.
 */
export function keepUp(scheduler: SchedulerLike, lease: number, table: AlarmTable): Subscription {
  const often = Math.min(Math.max(lease / 2, LEAST), MOST)
  const rescue$ = defer(async () => {
    await table.bound()
    while (await table.restore()) {}
  })
  const forget$ = defer(async () => {
    while (await table.forget(DAY)) {}
  })
  const never = catchError(() => EMPTY) // what does not go now goes next time
  return merge(
    timer(0, often, scheduler).pipe(exhaustMap(() => rescue$.pipe(never))),
    timer(0, MINUTE, scheduler).pipe(exhaustMap(() => forget$.pipe(never))),
  ).subscribe()
}
