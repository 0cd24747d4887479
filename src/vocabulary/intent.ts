import { checkConfirmation } from './check-names.ts'
import { AlarmError } from './errors.ts'
import { given } from './given.ts'
import type { TimeCheck } from './real-time.ts'
import { type AlarmTime, checkTime } from './time.ts'
import { checkDelay, timeIn } from './time-in.ts'

/** What the application wants of its one alarm. `allowUnconfirmed`: do not close the output gate for it. */
export type AlarmIntent =
  | { readonly kind: 'set'; readonly time: number; readonly allowUnconfirmed?: boolean }
  | { readonly kind: 'set-in'; readonly delay: number; readonly allowUnconfirmed?: boolean }
  | { readonly kind: 'delete'; readonly allowUnconfirmed?: boolean }
  | { readonly kind: 'touch'; readonly allowUnconfirmed?: boolean }

/** The same, of one actor among many. */
export type KeyedIntent<K extends string = string> = AlarmIntent & { readonly key: K }

/**
 * Wants to be woken at `time`, ms since the epoch or a Date, in place of any alarm set before.
 *
 * A time in the past is allowed: the alarm is due at once. Throws `ALARM_TIME_INVALID`.
 *
 * ```ts
 * of(setAlarm(60_000), deleteAlarm()).pipe(keepAlarm(config))
 * ```
 */
export function setAlarm(time: number | Date, options?: { allowUnconfirmed?: boolean }): AlarmIntent {
  checkConfirmation(options)
  return { ...options, kind: 'set', time: checkTime(time) }
}

/**
 * Wants to be woken `ms` milliseconds after the intent arrives, by the clock of the operator that takes it.
 *
 * Throws `ALARM_TIME_INVALID` unless `ms` is a whole number, 0 or more. Gotcha: where intents wait on their way, the delay has not begun.
 *
 * ```ts
 * edits$.pipe(map(() => setAlarmIn(60_000)), keepAlarm(config)).subscribe()
 * ```
 */
export function setAlarmIn(ms: number, options?: { allowUnconfirmed?: boolean }): AlarmIntent {
  checkConfirmation(options)
  return { ...options, kind: 'set-in', delay: checkDelay(ms) }
}

/**
 * Wants not to be woken.
 *
 * ```ts
 * paid$.pipe(map(() => deleteAlarm()), keepAlarm(config)).subscribe()
 * ```
 */
export function deleteAlarm(options?: { allowUnconfirmed?: boolean }): AlarmIntent {
  checkConfirmation(options)
  return { ...options, kind: 'delete' }
}

/**
 * Says that the state around the alarm has changed: it is committed, and the output gate is closed until then, though the alarm stays.
 *
 * ```ts
 * renamed$.pipe(map(() => touchAlarm()), keepAlarm(config)).subscribe()
 * ```
 */
export function touchAlarm(options?: { allowUnconfirmed?: boolean }): AlarmIntent {
  checkConfirmation(options)
  return { ...options, kind: 'touch' }
}

/** The alarm that an intent asks for when it arrives, `undefined` for the one that stands, or a typed error before anything has changed. */
export function wantedTime(
  intent: AlarmIntent,
  clock: { now(): number },
  check: TimeCheck = checkTime,
): AlarmTime | undefined {
  if (intent?.kind === 'set') return check(intent.time)
  if (intent?.kind === 'set-in') return timeIn(intent.delay, clock.now())
  if (intent?.kind === 'delete') return null
  if (intent?.kind === 'touch') return undefined
  throw new AlarmError(
    'ALARM_INTENT_INVALID',
    `An intent is what setAlarm(time), setAlarmIn(ms), deleteAlarm() or touchAlarm() returns; given ${given(intent)}.`,
  )
}

/** The intent for that time: one with a delay becomes a set. */
export function settled(intent: AlarmIntent, time: AlarmTime): AlarmIntent {
  if (time === null || intent.kind === 'touch' || (intent.kind === 'set' && intent.time === time))
    return intent
  const { delay: _, ...rest } = intent as AlarmIntent & { readonly delay?: number }
  return { ...rest, kind: 'set', time }
}
