import {
  defaultIfEmpty,
  EMPTY,
  endWith,
  ignoreElements,
  last,
  map,
  type Observable,
  type ObservableInput,
  of,
} from 'rxjs'
import { fromUser } from '../operators/from-user.ts'
import type { AlarmDelivery, DeliveryOptions } from '../vocabulary/manager.ts'
import { checkAlarmTime } from '../vocabulary/time.ts'
import { abandoned, done, givenUp, type Report } from './answers.ts'
import { alarmId, type HeldAlarm } from './held-alarm.ts'
import { isExhausted } from './redelivery.ts'

/** Runs the user's function for an alarm that was taken, and emits the answer: its handler, or `abandon` when no retry is left; without one it is kept as failed. */
export function workOn(
  delivered: HeldAlarm,
  handler: (delivery: AlarmDelivery) => ObservableInput<unknown>,
  abandon: DeliveryOptions['abandon'],
): Observable<Report> {
  const { key, time, fence, counted } = delivered
  const scheduledTime = time as number
  const delivery = { key, scheduledTime, fence, retryCount: counted, id: alarmId(delivered) }
  if (!isExhausted(delivered)) {
    const handled$ = fromUser('The delivery handler', () => handler(delivery))
    return handled$ === EMPTY
      ? of(done(delivered))
      : handled$.pipe(ignoreElements(), endWith(done(delivered)))
  }
  if (abandon === undefined) return of(givenUp(delivered))
  return fromUser('abandon', () => abandon(key, scheduledTime, delivery)).pipe(
    defaultIfEmpty(null),
    last(),
    map((kept) => abandoned(delivered, checkAlarmTime(kept))),
  )
}
