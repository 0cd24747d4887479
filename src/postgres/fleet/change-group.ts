import type { Perform } from '../../changes/changes.ts'
import { groupLoader } from '../../changes/load-group.ts'
import type { FleetEngine } from '../../fleet/fleet-engine.ts'
import type { Change, ChangeWork } from './change.ts'
import { changeStatements } from './change-statements.ts'
import { type CommitParts, commitTogether } from './commit-together.ts'
import { groupTransaction, type TransactionParts } from './group-transaction.ts'

/**
 * Does changes in one transaction, with a savepoint for each: the error of one undoes that one alone.
 *
 * Their statements come first; then the engine is notified of what each asks for, and the commit of all that it then asks for is the one of the
 * transaction. So an actor's state and its alarm are durable together, or neither is.
 */
export function changeGroup(
  parts: TransactionParts & CommitParts & { readonly engine: FleetEngine<string> },
): Perform<ChangeWork<unknown>> {
  const { engine, scheduler, db } = parts
  const load = groupLoader<ChangeWork<unknown>>({ engine, scheduler, timeout: db.timeout })
  const inTransaction = groupTransaction(parts, changeStatements(parts), commitTogether(parts))

  return async (group) => {
    const again: Change[] = []
    const members = await load(group, again)
    if (members.length === 0) return again
    try {
      return [...again, ...(await inTransaction(members))]
    } catch (error) {
      for (const { change } of members) if (!change.isOver) change.reject(error)
      return again
    } finally {
      for (const { hold } of members) hold.unsubscribe()
    }
  }
}
