import { Observable, type Subscriber } from 'rxjs'
import { type AsyncContext, currentContext } from '../operators/async-context.ts'
import { markReached } from '../operators/reached.ts'
import { reportUncaught } from '../operators/report-uncaught.ts'
import type { Keeper } from './keeper.ts'
import { Work } from './work.ts'

/** A subscriber waiting for `ready()`. */
export interface Waiter {
  ready(): boolean
  readonly subscriber: Subscriber<void>
  /** that in which it began to wait */
  context?: AsyncContext
}

/** Emits and completes once `ready` holds, at once if it does; errors when the alarm breaks. */
export function waitUntil(keeper: Keeper, ready: () => boolean): Observable<void> {
  return new Observable((subscriber) => {
    if (keeper.failure !== null) {
      markReached(keeper.failure)
      return subscriber.error(keeper.failure)
    }
    const waiter: Waiter = { ready, subscriber }
    if (look(waiter)) return
    waiter.context = currentContext()
    keeper.work ??= new Work()
    const { work } = keeper
    work.waiting ??= []
    work.waiting.push(waiter)
    work.waits++
    subscriber.add(() => {
      work.waits--
      forget(work)
      keeper.drop(work)
    })
  })
}

/** Something was decided: all that wait look again, also those that begin to while they do. */
export function lookAgain({ waiting }: Work): void {
  if (waiting === null) return
  for (let i = 0; i < waiting.length; i++) look(waiting[i]!)
}

/** What was answered, or left, is dropped when it is the half of all: each costs the same, however many wait. */
function forget(work: Work): void {
  const { waiting, waits } = work
  if (waits === 0) work.waiting = null
  else if (waiting !== null && waits < waiting.length / 2) {
    work.waiting = waiting.filter(({ subscriber }) => !subscriber.closed)
  }
}

/** They wait for what will not come. */
export function failAll(work: Work | null, error: unknown): void {
  for (const waiter of [...(work?.waiting ?? [])]) tell(waiter, () => waiter.subscriber.error(error))
}

function look(waiter: Waiter): boolean {
  const { ready, subscriber } = waiter
  if (subscriber.closed || !ready()) return subscriber.closed
  tell(waiter, () => {
    subscriber.next()
    subscriber.complete()
  })
  return true
}

/** A teardown of the user's that throws must not stop the loop that is settling. */
function tell({ context }: Waiter, call: () => void): void {
  if (context === undefined) reportUncaught(call)
  else context.runInAsyncScope(() => reportUncaught(call))
}
