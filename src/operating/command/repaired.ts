import {
  asyncScheduler,
  catchError,
  defer,
  firstValueFrom,
  fromEvent,
  map,
  merge,
  of,
  type SchedulerLike,
  timer,
} from 'rxjs'
import type { Finding } from '../doctor/finding.ts'

const LIMIT = 15_000 // ms: what is locked for longer is left for the next time

/** Repairs what was found, if that can be; resolves to what came of it, and never rejects. */
export async function repaired(
  { severity, repair }: Pick<Finding, 'severity' | 'repair'>,
  signal: AbortSignal,
  scheduler: SchedulerLike = asyncScheduler,
): Promise<string> {
  if (severity === 'notice') return 'left as it is'
  if (repair === null) return 'not repaired'
  return firstValueFrom(
    merge(
      fromEvent(signal, 'abort').pipe(map(() => 'not repaired: stopped')),
      timer(LIMIT, scheduler).pipe(map(() => `not repaired within ${LIMIT / 1_000} s`)),
      defer(repair).pipe(
        map((isDone) => (isDone ? 'repaired' : 'not as it was found any more')),
        catchError((error) => of(`not repaired: ${(error as Error).message}`)),
      ),
    ),
  )
}
