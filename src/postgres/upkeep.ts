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
 * Looks after what dead processes leave, while this one delivers.
 *
 * A process that dies between taking a job and leasing its row leaves a job that graphile-worker keeps locked for 4 hours: the
 * alarm gets another one within a lease; one that dies while it resumes leaves alarms set aside. Fences of removals are forgotten after a day.
 */
export function watchStuck(scheduler: SchedulerLike, lease: number, table: AlarmTable): Subscription {
  const often = Math.min(Math.max(lease / 2, LEAST), MOST)
  const rescue$ = defer(async () => {
    await table.bound()
    await table.arm(await table.stuck(often))
    while (await table.restore()) {}
  })
  const forget$ = defer(() => table.forget(DAY))
  const never = catchError(() => EMPTY) // what does not go now goes next time
  return merge(
    timer(0, often, scheduler).pipe(exhaustMap(() => rescue$.pipe(never))),
    timer(0, MINUTE, scheduler).pipe(exhaustMap(() => forget$.pipe(never))),
  ).subscribe()
}
