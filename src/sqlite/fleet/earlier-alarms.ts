import { firstValueFrom, forkJoin, type SchedulerLike, throwError, timeout as within } from 'rxjs'
import type { Condition } from '../../actor/lines.ts'
import { isEarlier } from '../../actor/rules.ts'
import type { Resident } from '../../fleet/resident.ts'
import { unanswered } from './fleet-errors.ts'

/** Whether the manager is no later than the alarm that is wanted: what a commit is issued after. */
export const isWithManager: Condition<Resident> = (actor) => !isEarlier(actor, actor.asked)

/** Waits until each was so once. Rejects with what breaks one of them, or when the manager has not answered in time. */
export async function alarmsWithManager(
  actors: readonly Resident[],
  scheduler: SchedulerLike,
  timeout: number,
): Promise<void> {
  const limit = { first: timeout, scheduler, with: () => throwError(() => unanswered(timeout)) }
  await firstValueFrom(forkJoin(actors.map((actor) => actor.when(isWithManager))).pipe(within(limit)))
}
