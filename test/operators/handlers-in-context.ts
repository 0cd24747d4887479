import { AsyncLocalStorage } from 'node:async_hooks'
import type { AlarmManager } from 'nolater'
import type { VirtualClock } from 'nolater/marbles'
import { Observable, Subject } from 'rxjs'
import { expect } from 'vitest'

export const request = new AsyncLocalStorage<string>()
export const here = (): string => request.getStore() ?? 'none'

/** Notes where the subscription itself is made: a handler may well do its work only there. */
export const noting = (note: (context: string) => void): Observable<never> =>
  new Observable((subscriber) => {
    note(here())
    subscriber.complete()
  })

/** Handlers run in the context in which `deliveries` was subscribed, and none of a request's. */
export async function expectHandlersInContext(
  manager: Required<Pick<AlarmManager, 'write' | 'deliveries'>>,
  clock: VirtualClock,
): Promise<void> {
  const handled: string[] = []
  const emitted: string[] = []
  const answer$ = new Subject<never>()
  const deliveries = request.run('the server', () =>
    manager
      .deliveries(({ key }) => {
        handled.push(`${key} ${here()}`)
        return key === 'slow' ? answer$ : noting((context) => handled.push(`${key} ${context}`))
      })
      .subscribe(() => emitted.push(here())),
  )
  const write = (key: string, at: number) =>
    request.run(`request of ${key}`, () => {
      const written = manager.write(key, at, { key, move: 'earlier', fence: 1, attempt: 1 })
      ;(written as Observable<never>).subscribe()
    })
  write('alice', 20)
  write('bob', 10)
  await request.run('the clock', () => clock.advanceAsync(30))
  write('slow', 31)
  await clock.advanceAsync(1)
  write('next', 31)
  await request.run('the answer', async () => answer$.complete())
  await clock.advanceAsync(1)
  deliveries.unsubscribe()
  expect(handled).toEqual(
    ['bob', 'bob', 'alice', 'alice', 'slow', 'next', 'next'].map((key) => `${key} the server`),
  )
  expect(new Set(emitted)).toEqual(new Set(['the server']))
}
