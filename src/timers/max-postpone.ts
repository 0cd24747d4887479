import { asyncScheduler, defer, map, type OperatorFunction, type SchedulerLike } from 'rxjs'
import { checkNames, type Names } from '../vocabulary/check-names.ts'
import { type AlarmIntent, settled, wantedTime } from '../vocabulary/intent.ts'
import { checkMilliseconds } from '../vocabulary/milliseconds.ts'
import { type AlarmTime, checkAlarmTime, checkTime } from '../vocabulary/time.ts'

/** An alarm, and how late its series of sets may still make it: two numbers to keep with the actor's state. */
export interface Postponed {
  /** `null`: none, or the handler has taken it; the next set begins a series */
  readonly time: AlarmTime
  /** `null`: not known; then `time` is as late as it gets */
  readonly limit: AlarmTime
}

/**
 * The alarm that a set may make of the one that stands, so that no series of sets postpones it without end.
 *
 * The first set of a series stands as it was asked for. Each later one may move the alarm earlier or later, but not beyond `ms` after the
 * moment of the first, or its time if that is later still. The series ends when nothing stands: the alarm was deleted, or its handler
 * has begun. Throws `ALARM_TIME_INVALID`, and `ALARM_CONFIG_INVALID` for an `ms` below 1.
 *
 * Gotcha: an alarm that is due stands until its handler begins, however long the manager takes; otherwise sets that come faster than
 * the manager delivers would move it away each time, and it would never be handled.
 *
 * ```ts
 * function touch() {
 *   const standing = { time: alarm.time, limit: state.limit }
 *   const { time, limit } = postpone(standing, clock.now() + 5_000, 60_000, clock.now())
 *   state.limit = limit // committed with the alarm, so that hibernation does not begin the series again
 *   alarm.set(time)
 * }
 * ```
 */
export function postpone(
  standing: Postponed,
  wanted: number | Date,
  ms: number,
  now: number,
): Postponed & { readonly time: number } {
  const time = checkTime(wanted)
  checkMilliseconds('ms', ms)
  if (standing.time === null)
    return { time, limit: Math.max(time, Math.min(Math.floor(now) + ms, Number.MAX_SAFE_INTEGER)) }
  // A clock that was set back makes no series longer than it is.
  const limit = Math.max(standing.time, Math.min(standing.limit ?? 0, Math.floor(now) + ms))
  return { time: Math.min(time, limit), limit }
}

/** An intent that says how late its series may still make the alarm; `null` with a delete. A touch moves nothing. */
export type PostponedIntent = AlarmIntent & { readonly limit: AlarmTime }

/** What a series of sets begins from, and by which clock. */
export interface MaxPostponeOptions {
  /** what the store holds now, as for `keepAlarm`; default `null` */
  readonly initial?: AlarmTime
  /** the limit that was stored with it; default `null`: what the store holds is not postponed any more */
  readonly limit?: AlarmTime
  /** the clock; default asyncScheduler */
  readonly scheduler?: SchedulerLike
}

/**
 * Lets sets debounce an alarm, but not without end: they move it at most to `ms` after the first of their series.
 *
 * ```
 * intents  --7--10-13-16-19----x--28--|    each sets the alarm to 5 ms from then, x deletes it
 *          maxPostpone(12)
 * time     --7--10-13-14-14----x--28--|
 * limit    --14-14-14-14-14----x--35--|
 * ```
 *
 * The rules are those of `postpone`: a series ends with a delete. Each intent that leaves carries the `limit` of its series; a store that keeps
 * it in the same commit as the alarm can give it back as an option after a restart. Without it a restart never makes an alarm later.
 *
 * Errors: `ALARM_INTENT_INVALID`, `ALARM_TIME_INVALID`; and, thrown at once, `ALARM_CONFIG_INVALID`.
 *
 * Gotcha: a stream of intents does not tell when a handler begins. Where one sets the next alarm, let a `deleteAlarm()` go before it; or
 * use `postpone` with the handle, whose `time` is `null` then.
 *
 * ```ts
 * edits$.pipe(
 *   map(() => setAlarmIn(5_000)),
 *   maxPostpone(60_000, { initial: row.alarm, limit: row.limit }),
 *   tap(({ limit }) => (row.limit = limit)),
 *   keepAlarm({ initial: row.alarm, commit: (time) => save({ ...row, alarm: time }), write }),
 * )
 * ```
 */
export function maxPostpone(
  ms: number,
  options: MaxPostponeOptions = {},
): OperatorFunction<AlarmIntent, PostponedIntent> {
  const { initial = null, limit = null, scheduler = asyncScheduler } = options
  checkNames('maxPostpone', options, names)
  checkMilliseconds('ms', ms)
  checkAlarmTime(limit)
  const stored: Postponed = { time: checkAlarmTime(initial), limit }

  return (intents$) =>
    defer(() => {
      let standing = stored
      return intents$.pipe(
        map((intent): PostponedIntent => {
          const wanted = wantedTime(intent, scheduler)
          if (wanted === undefined) return { ...intent, limit: standing.limit }
          standing =
            wanted === null ? { time: null, limit: null } : postpone(standing, wanted, ms, scheduler.now())
          return { ...settled(intent, standing.time), limit: standing.limit }
        }),
      )
    })
}

const names: Names<MaxPostponeOptions> = { initial: true, limit: true, scheduler: true }
