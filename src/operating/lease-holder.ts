import type { ListedAlarm } from '../vocabulary/listed-alarm.ts'
import { isLive, type ManagerStats } from '../vocabulary/manager-stats.ts'

/** Which process has a lease, as its host and number, and whether it has died as far as can be seen: a lease alone does not say. */
export function leaseHolder(
  { holder }: NonNullable<ListedAlarm['lease']>,
  { deliverers, at }: Pick<ManagerStats, 'deliverers' | 'at'>,
): string {
  const deliverer = deliverers.find((each) => each.holder === holder)
  if (deliverer === undefined) return `${holder}, which does not report: dead, or of an older version`
  const name = deliverer.process || holder
  return isLive(deliverer, at) ? name : `${name}, which does not report any more: dead, or hung`
}
