import { firstValueFrom, forkJoin, type SchedulerLike, throwError, timeout as within } from 'rxjs'
import type { Condition } from '../../actor/lines.ts'
import { isEarlier } from '../../actor/rules.ts'
import type { Resident } from '../../fleet/resident.ts'
import { unanswered } from './fleet-errors.ts'

/** Whether the manager is no later than the alarm that is wanted: what a commit is issued after. */
export const isWithManager: Condition<Resident> = (actor) => !isEarlier(actor, actor.asked)

/** Waits until each was so once. Rejects with what breaks one of them, or when the manager has not answered in what is `left` of its time. */
export async function alarmsWithManager(
  actors: readonly Resident[],
  scheduler: SchedulerLike,
  left: number,
  timeout: number,
): Promise<void> {
  const late = unanswered(timeout)
  if (left <= 0) throw late
  const limit = { first: left, scheduler, with: () => throwError(() => late) }
  await firstValueFrom(forkJoin(actors.map((actor) => actor.when(isWithManager))).pipe(within(limit)))
}
