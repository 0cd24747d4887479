import type { FailedAlarm } from '../ledger/failed-alarm.ts'
import { hasDied } from '../ledger/has-died.ts'
import type { AlarmTable } from './alarm-table.ts'
import type { OperatorTable } from './operator-table.ts'
import { delivererOf } from './report-activity.ts'

/** Ends the lease of an alarm that a process has which has died; resolves to whether there was one, under this fence. */
export async function endLease(
  { key, fence }: FailedAlarm,
  table: Pick<AlarmTable, 'read' | 'giveBack'>,
  operators: Pick<OperatorTable, 'deliverers'>,
): Promise<boolean> {
  const held = await table.read(key)
  if (held === null || held.holder === null || (fence !== null && fence !== held.fence)) return false
  const deliverer = delivererOf(held.holder)
  const { now, deliverers } = await operators.deliverers()
  const known = deliverers.find(({ holder }) => holder === deliverer)
  if (known === undefined || !hasDied(known, now)) return false
  await table.giveBack(held.holder) // all that one look of it took, which it has left, too
  return true
}
