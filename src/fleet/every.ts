import { defer, exhaustMap, type Observable, type ObservableInput, type SchedulerLike, timer } from 'rxjs'

/** Does something at once and each so many ms, one at a time. */
export function every(
  ms: number,
  scheduler: SchedulerLike,
  work: () => ObservableInput<unknown>,
): Observable<unknown> {
  return timer(0, ms, scheduler).pipe(exhaustMap(() => defer(work)))
}
