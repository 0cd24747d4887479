import type { DatabaseSync } from 'node:sqlite'
import type { Transaction } from './file-transaction.ts'
import { savepoint } from './savepoint.ts'
import { type Locked, type Patience, stepLine } from './step-line.ts'

/** What one actor has to do in a turn. */
export interface ActorStep<T> {
  /** Throws what is wrong with it alone. May be called again, after all that it did was rolled back. */
  run(): T
  /** it runs statements of the user, which can fail half-way */
  readonly isRisky: boolean
  /** what it did is durable */
  done(result: T): void
  /** it did nothing */
  failed(error: unknown): void
}

/** The steps of many actors in one transaction a turn. */
export interface ActorsTurn {
  join<T>(step: ActorStep<T>): void
  /** Commits what has been asked for so far, without waiting for the end of the turn; whether there was anything. */
  flush(): boolean
}

type Outcome = { readonly result: unknown } | { readonly error: unknown }

/**
 * Commits the steps of a turn of the event loop together: one transaction, one fsync, however many actors.
 *
 * A step that fails is undone alone. Where that is not possible, since it fails with the commit (a deferred foreign key) or has rolled
 * all of it back (ON CONFLICT ROLLBACK), each goes again in a transaction of its own. Where the file is locked, the next turns join it.
 */
export function actorsTurn(db: DatabaseSync, transaction: Transaction, patience: Patience): ActorsTurn {
  const line = stepLine(patience, perform)

  function perform(group: readonly ActorStep<unknown>[], locked?: Locked<ActorStep<unknown>>): void {
    let outcomes: Outcome[] | null
    try {
      outcomes = transaction<Outcome[] | null>(
        () => group.map(attempt),
        locked &&
          ((error) => {
            locked(error, group)
            return null
          }),
      )
    } catch (error) {
      if (group.length > 1 && !isOfAll(error)) for (const step of group) perform([step], locked)
      else for (const step of group) step.failed(error)
      return
    }
    if (outcomes === null) return
    group.forEach((step, i) => {
      const outcome = outcomes[i]!
      if ('error' in outcome) step.failed(outcome.error)
      else step.done(outcome.result)
    })
  }

  function attempt(step: ActorStep<unknown>): Outcome {
    try {
      return { result: step.isRisky ? savepoint(db, () => step.run()) : step.run() }
    } catch (error) {
      if (!db.isTransaction) throw error
      return { error }
    }
  }

  return {
    join(step) {
      if (line.add(step as ActorStep<unknown>)) setImmediate(line.attempt)
    },
    flush: () => !(db.isOpen && db.isTransaction) && line.flush(), // a step may ask for it
  }
}

/** A lock, a full disk, a file taken away: to try each by itself would only fail as often. */
function isOfAll(error: unknown): boolean {
  const { code, passes } = error as { code?: unknown; passes?: unknown }
  return passes === true || code === 'ALARM_STORAGE_GONE'
}
