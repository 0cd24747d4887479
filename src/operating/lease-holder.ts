import type { ListedAlarm } from '../vocabulary/listed-alarm.ts'
import { type Deliverer, isLive, type ManagerStats } from '../vocabulary/manager-stats.ts'

type Lease = NonNullable<ListedAlarm['lease']>
type Reports = Pick<ManagerStats, 'deliverers' | 'at'>

/** Which process has a lease, as its host and number, and whether it has died as far as can be seen: a lease alone does not say. */
export function leaseHolder(lease: Lease, reports: Reports): string {
  const { holder } = lease
  const deliverer = delivererOf(lease, reports)
  if (deliverer === undefined) return `${holder}, which does not report: dead, or of an older version`
  const name = deliverer.process || holder
  return isLive(deliverer, reports.at) ? name : `${name}, which does not report any more: dead, or hung`
}

/** Whether what has a lease reported once, and does so no more. */
export function isSilent(lease: Lease, reports: Reports): boolean {
  const deliverer = delivererOf(lease, reports)
  return deliverer !== undefined && !isLive(deliverer, reports.at)
}

function delivererOf({ holder }: Lease, { deliverers }: Reports): Deliverer | undefined {
  return deliverers.find((each) => each.holder === holder)
}
