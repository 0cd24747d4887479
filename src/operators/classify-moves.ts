import { asyncScheduler, map, type OperatorFunction, type SchedulerLike } from 'rxjs'
import { type AlarmIntent, settled, wantedTime } from '../vocabulary/intent.ts'
import { type AlarmTime, checkAlarmTime, type Move, moveTo } from '../vocabulary/time.ts'

/** An intent, the alarm that it asks for, and how that stands to the bound. */
export interface ClassifiedMove {
  readonly move: Move
  readonly time: AlarmTime
  readonly intent: AlarmIntent
}

/**
 * Tells of each intent whether it moves the alarm earlier or later than the bound, or not at all.
 *
 * ```
 * intents  --5-------20----x-----10---|    times that are set, x deletes
 *          classifyMoves(10)
 * move     --earlier-later-later-same-|
 * ```
 *
 * The bound is the latest time at which the manager may be holding the alarm: ms since the epoch, or `null` for no alarm,
 * which comes after every time. So a delete is a move later, and from no alarm every set is a move earlier. A touch moves nothing:
 * `same`, at the bound. A function is asked once for each intent, when the intent arrives.
 * A delay (`setAlarmIn`) leaves as the time that it comes to by the scheduler's clock.
 *
 * Errors: `ALARM_INTENT_INVALID`, `ALARM_TIME_INVALID` (the time of an intent, or a bound), and what the function throws.
 * All of them are error notifications.
 *
 * ```ts
 * import { of } from 'rxjs'
 * import { classifyMoves, deleteAlarm, setAlarm } from 'nolater'
 *
 * of(setAlarm(5), setAlarm(20), deleteAlarm(), setAlarm(10))
 *   .pipe(classifyMoves(10))
 *   .subscribe(({ move, time }) => console.log(move, time))
 * // earlier 5, later 20, later null, same 10
 * ```
 */
export function classifyMoves(
  bound: AlarmTime | (() => AlarmTime),
  scheduler: SchedulerLike = asyncScheduler,
): OperatorFunction<AlarmIntent, ClassifiedMove> {
  const readBound = typeof bound === 'function' ? bound : () => bound
  return map((intent) => {
    const wanted = wantedTime(intent, scheduler)
    const bound = checkAlarmTime(readBound())
    const time = wanted === undefined ? bound : wanted
    return { move: moveTo(time, bound), time, intent: settled(intent, time) }
  })
}
