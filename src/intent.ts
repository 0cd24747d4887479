import { AlarmError, given } from './errors.ts'
import { type AlarmTime, checkTime } from './time.ts'

/** What the application wants of its one alarm. `allowUnconfirmed`: do not close the output gate for it. */
export type AlarmIntent =
  | { readonly kind: 'set'; readonly time: number; readonly allowUnconfirmed?: boolean }
  | { readonly kind: 'delete'; readonly allowUnconfirmed?: boolean }

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
  return { ...options, kind: 'set', time: checkTime(time) }
}

/**
 * Wants not to be woken.
 *
 * ```ts
 * paid$.pipe(map(() => deleteAlarm()), keepAlarm(config)).subscribe()
 * ```
 */
export function deleteAlarm(options?: { allowUnconfirmed?: boolean }): AlarmIntent {
  return { ...options, kind: 'delete' }
}

/** The alarm that an intent asks for, or a typed error before anything has changed. */
export function wantedTime(intent: AlarmIntent): AlarmTime {
  if (intent?.kind === 'set') return checkTime(intent.time)
  if (intent?.kind === 'delete') return null
  throw new AlarmError(
    'ALARM_INTENT_INVALID',
    `An intent is what setAlarm(time) or deleteAlarm() returns; given ${given(intent)}.`,
  )
}
