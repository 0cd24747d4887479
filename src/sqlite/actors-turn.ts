import type { DatabaseSync } from 'node:sqlite'
import type { Transaction } from './file-transaction.ts'
import { savepoint } from './savepoint.ts'
import type { Patience } from './step-line.ts'
import { type Outcome, openTurn } from './turn.ts'

/** What one actor has to do in a turn. */
export interface ActorStep<T> {
  /** Throws what is wrong with it alone. */
  run(): T
  /** it runs statements of the user, which can fail half-way */
  readonly isRisky: boolean
  done(result: T): void
  failed(error: unknown): void
}

/** The steps of many actors in one transaction a turn. */
export interface ActorsTurn {
  join<T>(step: ActorStep<T>): void
  flush(): boolean
}

/** A step that fails is undone alone, unless it has rolled back all of them (ON CONFLICT ROLLBACK). */
export function actorsTurn(db: DatabaseSync, transaction: Transaction, patience: Patience): ActorsTurn {
  const turn = openTurn(transaction, patience, attempt)

  function attempt(step: ActorStep<unknown>): Outcome {
    try {
      return { result: step.isRisky ? savepoint(db, () => step.run()) : step.run() }
    } catch (error) {
      if (!db.isTransaction) throw error
      return { error }
    }
  }

  return {
    join: (step) => turn.join(step as ActorStep<unknown>),
    flush: () => !(db.isOpen && db.isTransaction) && turn.flush(), // a step may ask for it
  }
}
