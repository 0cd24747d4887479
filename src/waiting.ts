import { Observable, type Subscriber } from 'rxjs'
import type { Keeper } from './keeper.ts'
import { markReached } from './reached.ts'
import { undisturbed } from './undisturbed.ts'
import { Work } from './work.ts'

/** Who is told once `ready` holds. */
export interface Waiter {
  ready(): boolean
  readonly subscriber: Subscriber<void>
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

/** Something was decided: all who wait look again, also who begins to while they do. */
export function lookAgain({ waiting }: Work): void {
  if (waiting === null) return
  for (let i = 0; i < waiting.length; i++) look(waiting[i]!)
}

/** Who was told, or left, is dropped when they are the half of all: each costs the same, however many wait. */
function forget(work: Work): void {
  const { waiting, waits } = work
  if (waits === 0) work.waiting = null
  else if (waiting !== null && waits < waiting.length / 2) {
    work.waiting = waiting.filter(({ subscriber }) => !subscriber.closed)
  }
}

/** They wait for what will not come. */
export function failAll(work: Work | null, error: unknown): void {
  for (const { subscriber } of [...(work?.waiting ?? [])]) undisturbed(() => subscriber.error(error))
}

function look({ ready, subscriber }: Waiter): boolean {
  if (subscriber.closed || !ready()) return subscriber.closed
  // A teardown of the user's that throws must not stop the loop that is settling.
  undisturbed(() => {
    subscriber.next()
    subscriber.complete()
  })
  return true
}
