import { Observable, type SchedulerLike } from 'rxjs'
import { markReached } from '../operators/reached.ts'
import type { AlarmError } from '../vocabulary/errors.ts'
import { closeError, lateCloseError } from './closing/close-error.ts'
import { type Host, pumpUntil } from './closing/host.ts'
import { waitsFor } from './closing/waits-for.ts'
import { CLOSE_LIMIT, withinLimit } from './closing/within-limit.ts'
import type { Resident } from './resident.ts'
import { untilDrained } from './until-drained.ts'

/** Brings through what was asked of the actors of a fleet, and keeps an account of what is lost on the way. */
export interface FlushActors {
  flush(): Observable<never>
  /** An alarm breaks: what it loses is in the error of the flush. */
  breaking(actor: Resident, error: unknown): void
}

export function flushActors(
  actors: ReadonlyMap<string, Resident>,
  host: Host | null,
  scheduler: SchedulerLike,
): FlushActors {
  const accounts = new Set<Map<string, unknown>>()

  function late(): AlarmError {
    const busy = [...actors.values()].filter((actor) => actor.failure === null && !actor.isDrained)
    return lateCloseError(
      CLOSE_LIMIT,
      new Map(
        busy.map((actor) => [actor.key, actor.isLoaded ? waitsFor(actor) : 'the store to load the alarm']),
      ),
    )
  }

  const drain = (): Observable<never> =>
    new Observable<never>((subscriber) => {
      const lost = new Map<string, unknown>()
      accounts.add(lost)
      subscriber.add(() => accounts.delete(lost))
      // What has changed in this turn is committed at its end otherwise.
      for (const actor of [...actors.values()])
        if (actor.work?.touched === true && actor.isLoaded) actor.settle()
      subscriber.add(
        untilDrained(actors).subscribe({
          complete() {
            if (lost.size === 0) subscriber.complete()
            else subscriber.error(closeError([...lost.keys()], [...lost.values()][0]))
          },
        }),
      )
      pumpUntil(host, () => subscriber.closed)
    }).pipe(withinLimit(scheduler, late))

  return {
    flush: drain,
    breaking(actor, error) {
      const { opening } = actor
      const isLost = opening === null ? !actor.isConfirmed : opening.lost > 0
      if (!isLost || accounts.size === 0) return
      for (const lost of accounts) lost.set(actor.key, error)
      markReached(error)
    },
  }
}
