import { defer, Observable, type SchedulerLike, Subject, Subscription } from 'rxjs'
import { openTelemetry, type Telemetry } from '../actor/telemetry.ts'
import type { AlarmEvent, KeyedEvent, KeyedStory } from '../vocabulary/event.ts'
import type { Resident } from './resident.ts'

/** The events of all actors of a fleet, while there is a subscriber. */
export interface FleetTelemetry<K extends string> {
  readonly events$: Observable<KeyedEvent<K>>
  /** Those of one actor: one look at each event, however many actors have listeners of their own. */
  eventsOf(key: string): Observable<KeyedEvent<K>>
  /** what an actor notes its events in; `null` without a subscriber */
  readonly current: Telemetry | null
  tell(key: string, story: KeyedStory): void
  /** Emits what was noted, unless an actor is deciding. */
  flush(): void
  complete(): void
}

/** One for all: what happens to one actor is not emitted while another one decides. */
export function openFleetTelemetry<K extends string>(
  actors: ReadonlyMap<string, Resident>,
  scheduler: SchedulerLike,
  isDeciding: () => boolean,
): FleetTelemetry<K> {
  let current: Telemetry | null = null
  const telemetry = openTelemetry(() => share(null))
  const shared: Telemetry = {
    ...telemetry,
    flush() {
      if (!isDeciding()) telemetry.flush()
    },
    // One actor's end is not that of the others.
    error() {},
    complete() {},
  }

  function share(next: Telemetry | null): void {
    current = next
    for (const actor of actors.values()) if (actor.failure === null) actor.telemetry = next
  }

  const events$ = defer(() => {
    if (current === null) share(shared)
    return telemetry.events$ as Observable<unknown> as Observable<KeyedEvent<K>>
  })
  return {
    events$,
    eventsOf: byKey(events$),
    get current() {
      return current
    },
    tell(key, story) {
      current?.note({ at: scheduler.now(), key, ...story } as unknown as AlarmEvent)
      current?.flush()
    },
    flush: () => current?.flush(),
    complete: () => telemetry.complete(),
  }
}

/** One subscription for all keys, while any of them has a listener. */
function byKey<K extends string>(
  events$: Observable<KeyedEvent<K>>,
): (key: string) => Observable<KeyedEvent<K>> {
  const keys = new Map<string, Subject<KeyedEvent<K>>>()
  let all = Subscription.EMPTY
  return (key) =>
    new Observable((subscriber) => {
      const own = keys.get(key) ?? new Subject()
      keys.set(key, own)
      own.subscribe(subscriber)
      subscriber.add(() => {
        if (own.observed || keys.get(key) !== own) return
        keys.delete(key)
        if (keys.size === 0) all.unsubscribe()
      })
      if (all.closed && !subscriber.closed) {
        all = events$.subscribe({
          next: (event) => keys.get(event.key)?.next(event),
          complete() {
            const ended = [...keys.values()]
            keys.clear()
            for (const subject of ended) subject.complete()
          },
        })
      }
    })
}
