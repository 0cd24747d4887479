import { Observable } from 'rxjs'
import { currentContext } from '../operators/async-context.ts'
import { markReached } from '../operators/reached.ts'
import { reportUncaught } from '../operators/report-uncaught.ts'
import type { Waiter, Work } from './work.ts'

/** What is waited for: an alarm that has work while there is anything to wait for. */
interface Awaited {
  readonly failure: unknown
  atWork(): Work
  drop(work: Work): void
}

/** Emits and completes once `ready` holds, at once if it does; errors when the alarm breaks. */
export function waitUntil(alarm: Awaited, ready: () => boolean): Observable<void> {
  return new Observable((subscriber) => {
    if (alarm.failure !== null) {
      markReached(alarm.failure)
      return subscriber.error(alarm.failure)
    }
    const waiter: Waiter = { ready, subscriber }
    if (look(waiter)) return
    waiter.context = currentContext()
    const work = alarm.atWork()
    work.waiting ??= []
    work.waiting.push(waiter)
    work.waiters++
    subscriber.add(() => {
      work.waiters--
      forget(work)
      alarm.drop(work)
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
  const { waiting, waiters } = work
  if (waiters === 0) work.waiting = null
  else if (waiting !== null && waiters < waiting.length / 2) {
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
