/** The same for a stream of edits: the intents are debounced, with a limit, before the alarm is kept. */
import { type AlarmConfig, type AlarmEvent, keepAlarm, maxPostpone, setAlarmIn } from 'nolater'
import { asyncScheduler, map, type Observable, tap } from 'rxjs'

/** A row of yours: `config.commit` makes both numbers durable at once. */
export interface Row {
  alarm: number | null
  limit: number | null
}

export function keepDraft(edits$: Observable<string>, row: Row, config: AlarmConfig): Observable<AlarmEvent> {
  const { scheduler = asyncScheduler } = config
  return edits$.pipe(
    map(() => setAlarmIn(5_000)),
    maxPostpone(60_000, { initial: row.alarm, limit: row.limit, scheduler }),
    tap(({ limit }) => {
      row.limit = limit
    }),
    keepAlarm({ ...config, initial: row.alarm }),
  )
}
