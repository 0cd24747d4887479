import type { SchedulerLike, Subscription } from 'rxjs'
import { MAX_TIMER } from '../vocabulary/milliseconds.ts'
import type { Resident } from './resident.ts'

/** One timer for all actors of a fleet, while there are any. */
export interface Sweep {
  /** Marks an actor as used, and sees that there is a timer. */
  use(actor: Resident): void
  stop(): void
}

const AT_A_TIME = 20_000 // or a million of them would stop everything else for a while

/**
 * Drops the actors that are not used: every `idleAfter` ms it looks at all of them once, some at a time.
 *
 * An actor knows the round in which it was used; one that was not used for a whole round goes. So it stays for `idleAfter` at least and
 * twice that at most, and to use it costs one number.
 */
export function openSweep(
  actors: ReadonlyMap<string, Resident>,
  idleAfter: number,
  scheduler: SchedulerLike,
  drop: (actor: Resident) => void,
): Sweep {
  let round = 1
  let left: Iterator<Resident> | null = null
  let timer: Subscription | null = null

  // Set again each time: a virtual scheduler nests an action that reschedules itself.
  function schedule(delay: number): void {
    timer = scheduler.schedule(sweep, Math.min(delay, MAX_TIMER))
  }

  function sweep(): void {
    if (left === null) round++
    left ??= actors.values()
    for (let looked = 0; looked < AT_A_TIME; looked++) {
      const { value: actor, done } = left.next()
      if (done === true) {
        rest()
        return
      }
      if (actor.work !== null) actor.seen = round
      else if (actor.seen < round - 1) drop(actor)
    }
    schedule(0)
  }

  function rest(): void {
    left = timer = null
    if (actors.size > 0) schedule(idleAfter)
  }

  return {
    use(actor) {
      actor.seen = round
      if (timer === null && idleAfter !== Infinity) schedule(idleAfter)
    },
    stop() {
      timer?.unsubscribe()
      timer = null
    },
  }
}
