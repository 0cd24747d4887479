import type { AlarmDelivery, AlarmTime } from 'nolater'
import { Observable, Subject, takeUntil } from 'rxjs'
import type { Keeper, Kept, World } from './keeper.ts'

/** One process of an actor, from its opening to its death. */
export interface Life {
  readonly kept: Kept
  deliver(delivery: AlarmDelivery, handler: () => Observable<unknown>): Observable<unknown>
  /** From now on it calls nobody and hears no answer; what it has sent goes on by itself. */
  die(): void
}

export function openLife(keeper: Keeper, world: World): Life {
  const died$ = new Subject<never>()
  let isAlive = true

  const mortal = (call$: Observable<never>): Observable<never> =>
    new Observable((waiting) => {
      if (!isAlive) return
      return call$.subscribe({
        complete: () => isAlive && waiting.complete(),
        error: (error) => isAlive && waiting.error(error),
      })
    })
  const kept = keeper({
    ...world,
    commit: (time: AlarmTime) => mortal(world.commit(time)),
    write: (time, info) => mortal(world.write(time, info)),
  })
  return {
    kept,
    deliver: (delivery, handler) => kept.deliver(delivery, handler).pipe(takeUntil(died$)),
    die() {
      isAlive = false
      died$.error(Object.assign(new Error('the process died'), { counted: false }))
    },
  }
}
