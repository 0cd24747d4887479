import { Observable, Subject } from 'rxjs'
import { reportUncaught } from '../operators/report-uncaught.ts'
import type { AlarmEvent } from '../vocabulary/event.ts'

/** The events of one alarm, while there is a subscriber. */
export interface Telemetry {
  readonly events$: Observable<AlarmEvent>
  /** Notes an event, to be emitted later: what a listener does must never meet a decision that is half made. */
  note(event: AlarmEvent): void
  /** Emits what was noted, to all listeners each event before the next one. */
  flush(): void
  error(error: unknown): void
  complete(): void
}

/** Opens the events for the first listener; `unobserved` is called when the last one has left. */
export function openTelemetry(unobserved: () => void): Telemetry {
  const subject = new Subject<AlarmEvent>()
  let noted: AlarmEvent[] = []
  let isTelling = false
  let end: (() => void) | null = null

  function flush(): void {
    if (isTelling) return
    isTelling = true
    while (noted.length > 0) {
      const events = noted
      noted = []
      for (const event of events) reportUncaught(() => subject.next(event))
    }
    isTelling = false
    end?.()
  }

  function endWith(notify: () => void): void {
    end = notify
    flush()
  }

  return {
    events$: new Observable((subscriber) => {
      subject.subscribe(subscriber)
      subscriber.add(() => {
        if (!subject.observed) unobserved()
      })
    }),
    note: (event) => noted.push(event),
    flush,
    error: (error) => endWith(() => subject.error(error)),
    complete: () => endWith(() => subject.complete()),
  }
}
