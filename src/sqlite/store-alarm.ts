import { asyncScheduler, Observable, type ObservableInput, type SchedulerLike } from 'rxjs'
import type { WakeupInfo } from '../actor/delivery/wakeup.ts'
import type { Alarm } from '../actor/open-alarm.ts'
import { fromUser } from '../operators/from-user.ts'
import { type Awaitable, awaitable } from '../vocabulary/awaitable.ts'
import { AlarmError } from '../vocabulary/errors.ts'
import { readsTimes, type TimeCheck, timeCheckOf } from '../vocabulary/real-time.ts'
import { timeIn } from '../vocabulary/time-in.ts'
import type { Barrier } from './store-barrier.ts'
import { holdUntilNotified } from './store-gate.ts'
import type { Turns } from './store-turn.ts'

type Handler = (info: WakeupInfo) => ObservableInput<unknown>

/** The engine's alarm as the store shows it: with what the open turn asks for, which reaches the engine at its end. */
export function storeAlarm(
  engine: Alarm,
  turns: Turns,
  barrier: Barrier,
  scheduler: SchedulerLike | undefined,
  close: () => void,
): Alarm & { readonly [readsTimes]: TimeCheck } {
  const checkTime = timeCheckOf(scheduler)

  /** The handler's last turn belongs to it: the engine judges it when that turn has been submitted. */
  const within = (handler: Handler): Handler => {
    if (typeof handler !== 'function') return handler // the engine says what is wrong with it
    return (info) =>
      new Observable((subscriber) =>
        fromUser('The handler', () => handler(info)).subscribe({
          error: (error) => barrier.finish(() => subscriber.error(error)),
          complete: () => barrier.succeed(() => subscriber.complete()),
        }),
      )
  }

  const betweenTurns = <T>(ask: () => Observable<T>): Awaitable<T, T> =>
    awaitable<T, T>(
      new Observable((subscriber) => {
        barrier.between(() => {
          if (!subscriber.closed) subscriber.add(ask().subscribe(subscriber))
        })
      }),
    )

  return {
    get time() {
      turns.check()
      const asked = turns.current?.alarm
      return asked === undefined ? engine.time : asked
    },
    get events$() {
      return engine.events$
    },
    set(time, options) {
      turns.checkOwner()
      turns.ask(checkTime(time), options)
    },
    setIn(ms, options) {
      turns.checkOwner()
      turns.ask(timeIn(ms, (scheduler ?? asyncScheduler).now()), options)
    },
    [readsTimes]: checkTime,
    delete: (options) => turns.ask(null, options),
    touch: (options) => turns.touch(options),
    confirmed: () => betweenTurns(() => engine.confirmed()),
    drained: () => betweenTurns(() => engine.drained()),
    holdUntilConfirmed: () => (source) => source.pipe(holdUntilNotified(turns), engine.holdUntilConfirmed()),
    deliver: (wakeup, handler) => betweenTurns(() => engine.deliver(wakeup, within(handler))),
    abandon(scheduledTime, delivered) {
      turns.end()
      if (turns.current !== null) {
        throw new AlarmError(
          'ALARM_DELIVERY_INVALID',
          'An alarm cannot be abandoned inside a transaction. Abandon it before or after.',
          { counted: false },
        )
      }
      const kept = engine.abandon(scheduledTime, delivered)
      if (kept === null) barrier.forget()
      return kept
    },
    close,
  }
}
