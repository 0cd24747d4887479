import { defer, type Observable, type SchedulerLike } from 'rxjs'
import type { AlarmEvent, KeyedEvent, KeyedStory } from '../event.ts'
import { openTelemetry, type Telemetry } from '../telemetry.ts'
import type { Resident } from './resident.ts'

/** The events of all actors of a fleet, while somebody listens. */
export interface FleetTelemetry<K extends string> {
  readonly events$: Observable<KeyedEvent<K>>
  /** what an actor tells its story to; `null` while nobody listens */
  readonly current: Telemetry | null
  tell(key: string, story: KeyedStory): void
  /** Lets the listeners hear what was noted, unless an actor is deciding. */
  flush(): void
  complete(): void
}

/** One for all: what happens to one actor is not heard while another one decides. */
export function openFleetTelemetry<K extends string>(
  actors: ReadonlyMap<string, Resident>,
  scheduler: SchedulerLike,
  isDeciding: () => boolean,
): FleetTelemetry<K> {
  let current: Telemetry | null = null
  const told = openTelemetry(() => hear(null))
  const shared: Telemetry = {
    ...told,
    flush() {
      if (!isDeciding()) told.flush()
    },
    // One actor's end is not that of the others.
    error() {},
    complete() {},
  }

  function hear(next: Telemetry | null): void {
    current = next
    for (const actor of actors.values()) if (actor.failure === null) actor.telemetry = next
  }

  return {
    events$: defer(() => {
      if (current === null) hear(shared)
      return told.events$ as Observable<unknown> as Observable<KeyedEvent<K>>
    }),
    get current() {
      return current
    },
    tell(key, story) {
      current?.note({ at: scheduler.now(), key, ...story } as unknown as AlarmEvent)
      current?.flush()
    },
    flush: () => current?.flush(),
    complete: () => told.complete(),
  }
}
