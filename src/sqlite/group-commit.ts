import type { Ledger, LedgerAccess, Step } from '../ledger/ledger.ts'
import type { Transaction } from './file-transaction.ts'
import type { Patience } from './step-line.ts'
import { openTurn } from './turn.ts'

/** The steps of one turn in one transaction. */
export interface GroupCommit extends LedgerAccess {
  /** Commits what has been asked for so far, without waiting for the end of the turn; whether there was anything. */
  flush(): boolean
}

/** The way to a ledger in a file: the steps of a turn are committed together. */
export function groupCommit(
  ledger: Ledger,
  transaction: Transaction,
  look: Pick<LedgerAccess, 'openRead' | 'look' | 'pauses'>,
  patience: Patience,
): GroupCommit {
  const turn = openTurn<Step<unknown>>(transaction, patience, (step) => ({ result: step.run(ledger) }))

  return {
    read: ledger.read,
    ...look,
    atOnce: (run) =>
      transaction(
        () => run(ledger),
        (error) => {
          throw error
        },
      ),
    join: (step) => turn.join(step as Step<unknown>),
    flush: turn.flush,
  }
}
