import { Observable, type ObservableInput, type SchedulerLike, type Subscriber } from 'rxjs'
import { runUser } from '../operators/from-user.ts'
import { AlarmError } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'
import type { EachResult } from '../vocabulary/manager.ts'
import { fieldOf } from '../vocabulary/safe-field.ts'

interface Member<T> {
  readonly item: T
  readonly subscriber: Subscriber<never>
}

/**
 * Calls `send` once for all the items of a turn; each completes, or fails, with its own result when the call has completed.
 *
 * The turn ends when the scheduler next runs something that is due at once. Calls do not wait for each other: one that never ends holds
 * its own items only. It is unsubscribed when nothing waits for any of them.
 */
export function batch<T>(
  name: string,
  scheduler: SchedulerLike,
  send: (items: readonly T[]) => ObservableInput<readonly EachResult[]>,
  together: (answer: () => void) => void,
): (item: T) => Observable<never> {
  let turn: Member<T>[] = []

  function flush(): void {
    const members = turn.filter(({ subscriber }) => !subscriber.closed)
    turn = []
    if (members.length > 0) together(() => call(members))
  }

  function call(members: readonly Member<T>[]): void {
    let left = members.length
    let results: unknown
    const failAll = (error: unknown): void =>
      together(() => {
        for (const { subscriber } of members) subscriber.error(error)
      })
    const sent = runUser(name, {
      call: () => send(members.map(({ item }) => item)),
      next(value) {
        results = value
      },
      error: failAll,
      complete() {
        const each = readResults(results, members.length)
        if (each === null) return failAll(unanswered(name, members.length, results))
        together(() => {
          members.forEach(({ subscriber }, i) => {
            const result = each[i]
            if (result === null) subscriber.complete()
            else subscriber.error(result ?? unanswered(name, members.length, results))
          })
        })
      },
    })
    for (const { subscriber } of members) {
      subscriber.add(() => {
        if (--left === 0) sent?.unsubscribe()
      })
    }
  }

  return (item) =>
    new Observable((subscriber) => {
      if (turn.push({ item, subscriber }) === 1) scheduler.schedule(flush)
    })
}

/** Read once: what the user gave may throw, or say something else the next time. */
function readResults(results: unknown, count: number): readonly EachResult[] | null {
  try {
    return Array.isArray(results) && results.length === count ? [...results] : null
  } catch {
    return null
  }
}

function unanswered(name: string, count: number, results: unknown): AlarmError {
  const length = fieldOf(results, 'length')
  const what = typeof length === 'number' ? `${length} of them` : given(results)
  return new AlarmError(
    'ALARM_RETURN_INVALID',
    `${name} must emit an array with a result for each of the ${count} it was given, null or an error, then complete; it emitted ${what}.`,
  )
}
