import type { ListedState } from '../vocabulary/listed-alarm.ts'
import type { ManagerStats } from '../vocabulary/manager-stats.ts'
import { type Dated, type KeptDeliverer, latenessAt, sumOf } from './activity.ts'
import type { Pauses } from './pauses.ts'

/** What stands in a ledger, counted at one moment. */
export interface Look {
  readonly counts: Readonly<Record<ListedState, number>>
  /** the one that is due longest, of those that are due */
  readonly oldest: { readonly key: string; readonly due: number } | null
  readonly pauses: Pauses
  readonly deliverers: readonly KeptDeliverer[]
  /** what was done by those that deliver no more, from when on */
  readonly gone: readonly Dated[]
}

export const MINUTE = 60_000 // ms

/** What was counted, as it is given to users. */
export function statsOf({ counts, oldest, pauses, deliverers, gone }: Look, now: number): ManagerStats {
  // A last report that is older is no part of the last minute.
  const live = deliverers.filter(({ seen }) => now - seen < MINUTE).map(({ minute }) => minute)
  const minute = sumOf([...live, ...gone.filter(({ at }) => now - at < MINUTE)])
  const isNone = minute.fires === 0
  return {
    at: now,
    counts,
    oldest: oldest && { key: oldest.key, overdue: Math.max(0, now - oldest.due) },
    lateness: {
      p50: latenessAt(minute, 0.5),
      p99: latenessAt(minute, 0.99),
      max: isNone ? null : minute.latest,
    },
    fires: minute.fires / (MINUTE / 1_000),
    failures: minute.failures / (MINUTE / 1_000),
    paused: pauses.scopes,
    deliverers: deliverers.map(({ minute: _, ...deliverer }) => deliverer),
  }
}
