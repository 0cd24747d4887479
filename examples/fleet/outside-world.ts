import type { AlarmTime } from 'nolater'
import type { VirtualClock } from 'nolater/marbles'
import { concat, concatWith, defer, EMPTY, ignoreElements, type Observable, throwError, timer } from 'rxjs'

/** What a keeper of one alarm has to do with. Completion means done. Unsubscribing only stops the waiting, as with every request. */
export interface OutsideWorld {
  readonly initial: AlarmTime
  readonly clock: VirtualClock
  commit(time: AlarmTime): Observable<never>
  write(time: AlarmTime): Observable<never>
}

/** What a keeper offers: be it this library or one of its rivals. */
export type Keeper = (world: OutsideWorld) => (time: AlarmTime) => void

/** How the network treats the manager's requests. */
export interface Network {
  /** ms until a request that is sent at `sentAt` is applied and answered */
  takes(sentAt: number): number
  /** the very first request is refused, without being applied */
  readonly refusesFirst: boolean
}

const COMMIT = 4 // ms

/** A store and a manager on a virtual clock, which begins at 0. */
export function outsideWorld(clock: VirtualClock, initial: AlarmTime, { takes, refusesFirst }: Network) {
  const held = { store: initial, manager: initial }
  let requests = 0

  const after = (ms: number): Observable<never> => timer(ms, clock).pipe(ignoreElements())
  const world: OutsideWorld = {
    initial,
    clock,
    commit: (time) =>
      after(COMMIT).pipe(
        concatWith(
          defer(() => {
            held.store = time
            return EMPTY
          }),
        ),
      ),
    write: (time) =>
      defer(() => {
        const delay = takes(clock.now())
        if (requests++ === 0 && refusesFirst)
          return concat(
            after(delay),
            throwError(() => new Error('503')),
          )
        // Applied whether or not anybody still waits for the answer.
        clock.schedule(() => {
          held.manager = time
        }, delay)
        return after(delay)
      }),
  }
  return { world, held }
}
