import { type Observable, type SchedulerLike, Subject } from 'rxjs'
import { reportUnhandled } from '../operators/reached.ts'
import type { FleetHealth } from './actor-fleet.ts'
import { every } from './every.ts'

/** Notes how a process stands, and emits it once a second. */
export interface HealthNotes {
  readonly health$: Observable<FleetHealth>
  /** It has looked after its shards; or this keeps it from them. */
  owns(error: unknown): void
  /** It has looked for what is due. */
  looked(): void
  /** Nothing is delivered until it is tried again. */
  blind(error: unknown): void
  /** An alarm has come, so many ms after its time. */
  came(lateness: number): void
  /** Emits no more. */
  end(): void
}

const OFTEN = 1_000 // ms

export function noteHealth(
  ownership: { readonly shards: readonly number[]; readonly processes: number },
  overdueIn: (shards: readonly number[]) => Promise<number | null>,
  scheduler: SchedulerLike,
): HealthNotes {
  const health$ = new Subject<FleetHealth>()
  let unowned: unknown = null
  let undelivered: unknown = null
  let lookedAt: number | null = null
  let lag: number | null = null

  /** Beside the reports, which nothing may hold up. */
  async function emit(): Promise<void> {
    let failed: unknown = null
    let overdue: number | null = null
    try {
      if (health$.observed) overdue = await overdueIn(ownership.shards)
    } catch (failure) {
      failed = failure
    }
    const { processes, shards } = ownership
    const error = unowned ?? undelivered ?? failed
    health$.next({ at: scheduler.now(), owned: shards.length, processes, lookedAt, overdue, lag, error })
    lag = null
  }
  const each = every(OFTEN, scheduler, emit).subscribe()

  return {
    health$: health$.asObservable(),
    owns(error) {
      unowned = error
    },
    looked() {
      lookedAt = scheduler.now()
      undelivered = null
    },
    blind(error) {
      undelivered = error
      if (!health$.observed) reportUnhandled(error)
    },
    came(lateness) {
      lag = Math.max(lag ?? 0, lateness)
    },
    end() {
      each.unsubscribe()
      health$.complete()
    },
  }
}
