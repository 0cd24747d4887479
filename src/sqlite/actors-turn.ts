import type { DatabaseSync } from 'node:sqlite'
import { savepoint } from './savepoint.ts'

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
 * all of it back (ON CONFLICT ROLLBACK), each goes again in a transaction of its own.
 */
export function actorsTurn(db: DatabaseSync, transaction: <T>(work: () => T) => T): ActorsTurn {
  let steps: ActorStep<unknown>[] = []

  function flush(): boolean {
    if (db.isOpen && db.isTransaction) return false // asked for by a step of it
    const group = steps
    steps = []
    if (group.length > 0) perform(group)
    return group.length > 0
  }

  function perform(group: readonly ActorStep<unknown>[]): void {
    let outcomes: Outcome[]
    try {
      outcomes = transaction(() => group.map(attempt))
    } catch (error) {
      if (group.length > 1 && !isOfAll(error)) for (const step of group) perform([step])
      else for (const step of group) step.failed(error)
      return
    }
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
      if (steps.push(step as ActorStep<unknown>) === 1) setImmediate(flush)
    },
    flush,
  }
}

/** A lock, a full disk, a file taken away: to try each by itself would only fail as often. */
function isOfAll(error: unknown): boolean {
  const { code, passes } = error as { code?: unknown; passes?: unknown }
  return passes === true || code === 'ALARM_STORAGE_GONE'
}
