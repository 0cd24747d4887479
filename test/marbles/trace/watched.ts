import { Subject } from 'rxjs'
import type { AlarmEvent, openAlarm } from '../../../src/index.ts'
import { checkTrace, type TraceFault } from '../../../src/marbles/index.ts'

/** The engine, and a judge of all that its alarms say. */
export function watched(
  open: typeof openAlarm,
  found: (fault: TraceFault, before: readonly AlarmEvent[]) => void,
): typeof openAlarm {
  return (config) => {
    const alarm = open(config)
    const events: AlarmEvent[] = []
    const judged$ = new Subject<AlarmEvent>()
    checkTrace(judged$).subscribe((fault) => found(fault, events))
    alarm.events$.subscribe({
      next(event) {
        events.push(event)
        judged$.next(event)
      },
      error: () => judged$.complete(),
    })
    return alarm
  }
}
