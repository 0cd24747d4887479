import { Observable, Subject } from 'rxjs'
import type { AlarmEvent } from './event.ts'

/** The events of one alarm, while somebody listens. */
export interface Telemetry {
  readonly events$: Observable<AlarmEvent>
  tell(event: AlarmEvent): void
  error(error: unknown): void
  complete(): void
}

/** Opens the events for the first listener; `unheard` is called when the last one has left. */
export function openTelemetry(unheard: () => void): Telemetry {
  const subject = new Subject<AlarmEvent>()
  // One trampoline for all listeners: what a listener causes is told after everyone has heard its cause.
  const told: (() => void)[] = []
  let telling = false
  const inTurn = (tell: () => void): void => {
    told.push(tell)
    if (telling) return
    telling = true
    for (let next = told.shift(); next !== undefined; next = told.shift()) next()
    telling = false
  }
  return {
    events$: new Observable((subscriber) => {
      subject.subscribe(subscriber)
      subscriber.add(() => {
        if (!subject.observed) unheard()
      })
    }),
    tell: (event) => inTurn(() => subject.next(event)),
    error: (error) => inTurn(() => subject.error(error)),
    complete: () => inTurn(() => subject.complete()),
  }
}
