import type { DatabaseSync } from 'node:sqlite'
import { Observable } from 'rxjs'
import { type ActorStep, actorsTurn } from '../actors-turn.ts'
import { fileTransaction } from '../file-transaction.ts'
import { type Patience, stepLine } from '../step-line.ts'
import { storageError } from '../storage-error.ts'
import { begin, rollBack } from '../transaction.ts'
import { watchFile } from '../watch-file.ts'

/** What uses the connection of a file: the steps of a turn together, or one that has it for itself for as long as it lasts. */
export interface FileLine {
  /** A step of a turn, durable with all others of it when this completes; it is left out where nothing is subscribed any more. */
  step<T>(run: () => T): Observable<T>
  /** Opens a transaction when no step is under way, and does `work` in it; the steps wait. What `work` leaves open is rolled back. */
  alone<T>(work: () => Promise<T>): Promise<T>
  /** Ends the open transaction durably. Throws what is wrong with it as an `AlarmError`. */
  commit(): void
}

interface Step extends ActorStep<unknown> {
  /** nothing is subscribed any more */
  isOver(): boolean
}

export function fileLine(db: DatabaseSync, file: string, patience: Patience): FileLine {
  const whileThere = watchFile(db, file)
  const turn = actorsTurn(db, fileTransaction(db, file, patience.busyTimeout, whileThere), patience)
  const waiting: Step[] = []
  let underWay = 0
  let isTaken = false
  let onFree = (): void => {}

  const locks = stepLine<{ done(): void; failed(error: unknown): void }>(patience, (steps, locked) => {
    for (const step of steps) {
      try {
        const refusal = begin(db, file, locked && patience)
        if (refusal === null) step.done()
        else locked?.(refusal, [step])
      } catch (error) {
        step.failed(error)
      }
    }
  })

  function join(step: Step): void {
    if (step.isOver()) return
    if (isTaken) {
      waiting.push(step)
      return
    }
    underWay++
    const over = (end: () => void): void => {
      try {
        end()
      } finally {
        if (--underWay === 0) onFree()
      }
    }
    turn.join<unknown>({
      ...step,
      done: (result) => over(() => step.done(result)),
      failed: (error) => over(() => step.failed(error)),
    })
  }

  return {
    step: <T>(run: () => T) =>
      new Observable<T>((subscriber) =>
        join({
          isRisky: false,
          isOver: () => subscriber.closed,
          run: () => (subscriber.closed ? null : { value: run() }),
          done(result) {
            if (result !== null) subscriber.next((result as { value: T }).value)
            subscriber.complete()
          },
          failed: (error) => subscriber.error(error),
        }),
      ),
    async alone(work) {
      isTaken = true // from here on steps wait, so that those under way come to an end
      try {
        if (underWay > 0) await new Promise<void>((resolve) => (onFree = resolve))
        await new Promise<void>((done, failed) => {
          locks.add({ done, failed })
          locks.attempt()
        })
        return await work()
      } finally {
        isTaken = false
        rollBack(db)
        for (const step of waiting.splice(0)) join(step)
      }
    },
    commit() {
      try {
        whileThere(() => db.exec('COMMIT'))
      } catch (error) {
        throw storageError(error, file)
      }
    },
  }
}
