import { filter, firstValueFrom, map, type Observable, type SchedulerLike, Subject } from 'rxjs'
import type { FleetHealth } from '../../fleet/actor-fleet.ts'
import { reportUnhandled } from '../../operators/reached.ts'
import type { DeliveryEvent } from '../../vocabulary/manager.ts'
import type { SqliteManager } from '../sqlite-manager.ts'
import { storageError } from '../storage-error.ts'

/** How a fleet over files stands. */
export interface HealthOfFiles {
  readonly health$: Observable<FleetHealth>
  delivered(event: DeliveryEvent): void
  /** Nothing is delivered, for this reason; `null`: it is tried now. */
  blind(error: unknown): void
  examine(): Promise<void>
  complete(): void
}

/** There is one process, and one shard, which is its own. */
export function healthOfFiles(
  manager: SqliteManager,
  managerFile: string,
  scheduler: SchedulerLike,
): HealthOfFiles {
  const health$ = new Subject<FleetHealth>()
  let stalled: unknown = null
  let blind: unknown = null
  let lookedAt: number | null = null
  let lag: number | null = null

  const overdue = (): Promise<number | null> =>
    firstValueFrom(
      manager.list({ state: 'due' }).pipe(
        filter(({ paused }) => !paused),
        map(({ due }) => scheduler.now() - (due as number)),
      ),
      { defaultValue: null },
    )

  return {
    health$: health$.asObservable(),
    delivered(event) {
      if (event.kind === 'delivered') lag = Math.max(lag ?? 0, event.lateness)
      if (event.kind === 'stalled') stalled = event.error
      if (event.kind === 'resumed') stalled = null
    },
    blind(error) {
      blind = error
      if (error !== null && !health$.observed) reportUnhandled(error)
    },
    async examine() {
      const late = lag
      lag = null
      if (!health$.observed) return
      let error = stalled ?? blind
      let oldest: number | null = null
      let at: number
      try {
        oldest = await overdue()
        at = lookedAt = scheduler.now()
      } catch (failure) {
        error ??= storageError(failure, managerFile)
        at = scheduler.now()
      }
      health$.next({
        at,
        owned: 1,
        processes: 1,
        lookedAt,
        overdue: oldest,
        lag: late,
        error,
      })
    },
    complete: () => health$.complete(),
  }
}
