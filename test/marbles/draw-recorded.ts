import { type AlarmConfig, type AlarmTime, openAlarm } from 'nolater'
import { recordTimeline, virtualClock } from 'nolater/marbles'
import { concat, EMPTY, ignoreElements, type Observable, throwError, timer } from 'rxjs'

/** A recorded alarm on a virtual clock, whose calls take as long as the test says; `Error` for one that fails. */
export function recorded(
  takes: { commit?: (time: AlarmTime) => number | Error; write?: (time: AlarmTime) => number | Error },
  config: Partial<AlarmConfig> & { start?: number } = {},
) {
  const { start, ...options } = config
  const clock = virtualClock(start)
  const answer = (took: number | Error): Observable<never> => {
    if (took instanceof Error)
      return concat(
        after(3),
        throwError(() => took),
      )
    return took === 0 ? EMPTY : after(took)
  }
  const after = (ms: number): Observable<never> => timer(ms, clock).pipe(ignoreElements())
  const alarm = openAlarm({
    initial: null,
    reconcile: false,
    scheduler: clock,
    ...options,
    commit: (time) => answer(takes.commit?.(time) ?? 0),
    write: (time) => answer(takes.write?.(time) ?? 0),
  })
  return { alarm, clock, after, recording: recordTimeline(alarm.events$) }
}
