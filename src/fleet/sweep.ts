import type { SchedulerLike, Subscription } from 'rxjs'
import { MAX_TIMER } from '../vocabulary/milliseconds.ts'
import type { Resident } from './resident.ts'

/** What drops the actors of a fleet that are idle: one timer for all of them, while there are any; and, where they are too many, at once. */
export interface Sweep {
  /** Marks an actor as used, and sees that there is a timer. */
  use(actor: Resident): void
  /** Drops an idle actor where there are as many as there may be. Whether there is room for one more. */
  makeRoom(): boolean
  stop(): void
}

const AT_A_TIME = 20_000 // or a million of them would stop everything else for a while
const AT_ONCE = 64 // after all were looked at in vain: or each that is refused would look at all of them

/**
 * Drops the actors that are not used: every `idleAfter` ms it looks at all of them once, some at a time.
 *
 * An actor knows the round in which it was used; one that was not used for a whole round goes. So it stays for `idleAfter` at least and
 * twice that at most, and to use it costs one number. At `maxActors` each new one takes the place of an idle one.
 */
export function openSweep(
  actors: ReadonlyMap<string, Resident>,
  { idleAfter, maxActors }: { readonly idleAfter: number; readonly maxActors: number },
  scheduler: SchedulerLike,
  drop: (actor: Resident) => void,
): Sweep {
  let round = 1
  let left: Iterator<Resident> | null = null
  let timer: Subscription | null = null
  let hand: Iterator<Resident> | null = null // none while there is room: V8 keeps all that a map has held since for one that rests
  let isCrowded = false

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

  /** The first idle one from the hand on that was not used in this round, or that the hand has passed since: each use is a second chance. */
  function findIdle(): Resident | null {
    const looks = isCrowded ? AT_ONCE : 2 * actors.size
    for (let looked = 0; looked < looks; looked++) {
      const actor = turnHand()
      if (actor.work !== null) continue
      if (actor.seen < round || isCrowded) return actor
      actor.seen = round - 1
    }
    return null
  }

  function turnHand(): Resident {
    hand ??= actors.values()
    const { value, done } = hand.next()
    if (done !== true) return value
    hand = null
    return turnHand()
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
    makeRoom() {
      if (actors.size < maxActors) {
        hand = null
        return true
      }
      const idle = findIdle()
      isCrowded = idle === null
      if (idle !== null) drop(idle)
      return idle !== null
    },
    stop() {
      timer?.unsubscribe()
      timer = null
    },
  }
}
