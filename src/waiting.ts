import { Observable, type Subscriber } from 'rxjs'
import type { Keeper } from './keeper.ts'
import { Work } from './work.ts'

/** Who is told once `ready` holds. */
export interface Waiter {
  ready(): boolean
  readonly subscriber: Subscriber<void>
}

/** Emits and completes once `ready` holds, at once if it does; errors when the alarm breaks. */
export function waitUntil(keeper: Keeper, ready: () => boolean): Observable<void> {
  return new Observable((subscriber) => {
    if (keeper.failure !== null) return subscriber.error(keeper.failure)
    const waiter: Waiter = { ready, subscriber }
    if (look(waiter)) return
    keeper.work ??= new Work()
    const { work } = keeper
    work.waiting ??= new Set()
    work.waiting.add(waiter)
    subscriber.add(() => {
      work.waiting?.delete(waiter)
      if (work.waiting?.size === 0) work.waiting = null
      keeper.drop(work)
    })
  })
}

/** Something was decided: all who wait look again. A copy, since who is told may ask anew. */
export function lookAgain({ waiting }: Work): void {
  if (waiting !== null) for (const waiter of [...waiting]) look(waiter)
}

/** They wait for what will not come. */
export function failAll(work: Work | null, error: unknown): void {
  for (const { subscriber } of [...(work?.waiting ?? [])]) subscriber.error(error)
}

function look({ ready, subscriber }: Waiter): boolean {
  if (subscriber.closed || !ready()) return subscriber.closed
  subscriber.next()
  subscriber.complete()
  return true
}
