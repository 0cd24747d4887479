/** Many actors, each with a store of its own: opened when it is needed, closed after a while without use. */
import type { ActorStore } from 'nolater/sqlite'
import { asyncScheduler, interval, type SchedulerLike } from 'rxjs'

export interface Actors<A> {
  /** The actor, open. Ask for it each time: one that broke is opened again. */
  use(key: string): A
  close(): void
}

/** `idle` ms must be longer than the manager's lease: then no handler is at work in an actor that is closed. */
export function openActors<A extends { readonly store: ActorStore }>(
  open: (key: string) => A,
  idle = 60_000,
  clock: SchedulerLike = asyncScheduler,
): Actors<A> {
  const actors = new Map<string, { readonly actor: A; usedAt: number }>()

  function forget(key: string, actor: A): void {
    if (actors.get(key)?.actor === actor) actors.delete(key)
    actor.store.close()
  }

  const sweep = interval(idle, clock).subscribe(() => {
    for (const [key, { actor, usedAt }] of actors) {
      if (clock.now() - usedAt < idle) continue
      // Only once the manager has all of it; and not if it was used meanwhile.
      actor.store.alarm.drained().subscribe({
        next: () => actors.get(key)?.usedAt === usedAt && forget(key, actor),
        error: () => {},
      })
    }
  })

  return {
    use(key) {
      const known = actors.get(key)
      if (known !== undefined) {
        known.usedAt = clock.now()
        return known.actor
      }
      const actor = open(key)
      actors.set(key, { actor, usedAt: clock.now() })
      actor.store.alarm.events$.subscribe({ error: () => forget(key, actor) })
      return actor
    },
    close() {
      sweep.unsubscribe()
      for (const [key, { actor }] of actors) forget(key, actor)
    },
  }
}
