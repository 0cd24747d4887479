import type * as changes from '../../changes/change.ts'
import type * as loading from '../../changes/load-group.ts'
import type { ActorChange } from '../../fleet/actor-fleet.ts'
import type { Loan } from './loan.ts'

/** What a change does; the loan of its transaction says whether it is still its own. */
export type ChangeWork = (
  ...given: [...Parameters<ActorChange<unknown>>, loan: Pick<Loan, 'check'>]
) => unknown

export type Change = changes.Change<ChangeWork>
export type Member = loading.Member<ChangeWork>
