import type { MonoTypeOperatorFunction, Observable, ObservableInput } from 'rxjs'
import { throwing } from '../operators/reached.ts'
import { type Awaitable, awaitable } from '../vocabulary/awaitable.ts'
import { checkConfirmation } from '../vocabulary/check-names.ts'
import type { AlarmEvent } from '../vocabulary/event.ts'
import { type AlarmTime, checkTime } from '../vocabulary/time.ts'
import { timeIn } from '../vocabulary/time-in.ts'
import { type AlarmConfig, checkAlarmConfig } from './config.ts'
import { abandon } from './delivery/abandon.ts'
import { deliver } from './delivery/deliver.ts'
import type { DeliveryOutcome } from './delivery/outcome.ts'
import type { Wakeup, WakeupInfo } from './delivery/wakeup.ts'
import { Keeper } from './keeper.ts'
import { holdUntilConfirmed } from './output-gate.ts'
import { asked, isDrained, isDurable } from './waiting.ts'

/** One actor's alarm, as a handle for a runtime. */
export interface Alarm {
  /** The newest alarm asked for; `null` while the handler that consumes it runs. Throws the error that broke the alarm. */
  readonly time: AlarmTime

  /** What happens, from now on. Errors with the error that broke the alarm, completes when it is closed. */
  readonly events$: Observable<AlarmEvent>

  /**
   * Wants to be woken at `time`: ms since the epoch or a Date; in the past means at once.
   *
   * Throws `ALARM_TIME_INVALID` before anything has changed, or the error that broke the alarm, now or before.
   *
   * Gotcha: a delay or seconds are in the past, too. The alarms of `sqliteStore`, `postgresStore` and of fleets over `sqliteStores` refuse a
   * time between 1 and 10^11 where no scheduler is injected; one of `openAlarm` does not.
   */
  set(time: number | Date, options?: { allowUnconfirmed?: boolean }): void

  /**
   * Wants to be woken in `ms` milliseconds from now: `set` with the sum, by the injected clock.
   *
   * ```
   * clock     3
   *
   * ask       5-------    setIn(2), at 3
   * write     5.|-----
   * commit    --5.|---
   * ```
   *
   * Throws `ALARM_TIME_INVALID` unless `ms` is a whole number, 0 or more, and the sum is a safe integer; or what broke the alarm. A clock with
   * fractions is rounded up. Gotcha: asked again, it is another time, so the alarm moves.
   */
  setIn(ms: number, options?: { allowUnconfirmed?: boolean }): void

  /** Wants not to be woken. Throws the error that broke the alarm. */
  delete(options?: { allowUnconfirmed?: boolean }): void

  /**
   * Says that the state around the alarm has changed: it is committed, and the output gate is closed until then, though the alarm
   * stays. A commit that is due for the alarm covers it too. Throws the error that broke the alarm.
   */
  touch(options?: { allowUnconfirmed?: boolean }): void

  /**
   * Emits once and completes when all that was asked before the subscription is durable.
   *
   * ```
   * alarm       1
   *
   * ask         -----5------------
   * commit      -----5..|---------
   * write       --------5..|------
   * confirmed   (?|)-?..|--(?|)---    at once where nothing is asked
   * ```
   */
  confirmed(): Awaitable<void>

  /**
   * Emits once and completes when the manager has caught up too, or its last write was given up (the event says which).
   *
   * ```
   * alarm     1
   *
   * ask       -----5------------
   * commit    -----5..|---------
   * write     --------5..|------
   * drained   (?|)-?.....|(?|)--
   * ```
   */
  drained(): Awaitable<void>

  /**
   * The output gate: holds each value until the intents that came before it are durable, keeping the order.
   *
   * ```
   * send      a--b-c----------    a left before anything was asked
   * ask       -1--------------
   * write     -1..|-----------
   * commit    ----1..|--------
   * sent      a------(bc)-----
   * ```
   */
  holdUntilConfirmed<T>(): MonoTypeOperatorFunction<T>

  /**
   * Handles a wake-up: runs the handler, or gives the right time to a manager that came too early.
   *
   * ```
   * alarm     1
   *
   * wake      1......|--    answered when the deletion is durable
   * handler   1..|------
   * commit    ---x...|--
   * ```
   *
   * Subscribe once per delivery; emits one outcome and completes when the manager may be answered "done". The handler's success deletes the
   * alarm unless it set or deleted one. Errors with the handler's error, or with one that has `counted: false`
   * (`ALARM_WRITE_FAILED` and what breaks an alarm): pass both to the manager. One handler at a time; others wait their turn.
   */
  deliver(wakeup: Wakeup, handler: (info: WakeupInfo) => ObservableInput<unknown>): Awaitable<DeliveryOutcome>

  /**
   * Deletes the alarm that the manager gives up, if it is still that one; returns the confirmed one that stands, or `null`.
   *
   * Throws `ALARM_WRITE_FAILED`, uncounted, while anything is asked or in flight or a handler runs: let the manager ask again. The commit of
   * the deletion is issued before anything that waits or listens goes on. Pass the delivery on: by its fence an incarnation that was
   * replaced notices that what it remembers does not stand (`ALARM_FENCED`; until its own write has shown that, `ALARM_WRITE_FAILED`), and an
   * alarm that was set to the same time since is kept. Gotcha: the manager drops its copy with the answer, so give it only when the
   * deletion is durable:
   *
   * ```ts
   * const abandon = (key: string, time: number, delivery: { fence: number }) => {
   *   const kept = alarm.abandon(time, delivery)
   *   return alarm.confirmed().pipe(map(() => kept))
   * }
   * ```
   */
  abandon(scheduledTime: number, delivered?: { readonly fence?: number }): AlarmTime

  /** Stops everything; what waits gets `ALARM_CLOSED`. What is durable stays. */
  close(): void
}

/**
 * Opens one actor's alarm: the engine of `keepAlarm` as a handle.
 *
 * ```
 * alarm     2
 *
 * ask       1-----5---------
 * write     1..|-----5..|---    an earlier move: the manager has it before the store
 * commit    ---1..|---------
 *                 5..|          a later one: the store has it before the manager
 * ```
 *
 * Throws `ALARM_CONFIG_INVALID` for a config that cannot work. After an error (`ALARM_PRECOMMIT_FAILED`, `ALARM_COMMIT_FAILED`,
 * `ALARM_FENCED`) the handle is broken: open a new one from what the store holds, with a higher epoch.
 *
 * ```ts
 * const alarm = openAlarm({ key: '42', commit: (time) => save(time), write: (time, { fence }) => tell(time, fence) })
 * alarm.setIn(60_000)
 * replies$.pipe(alarm.holdUntilConfirmed()).subscribe(send)
 * ```
 */
export function openAlarm(config: AlarmConfig): Alarm {
  checkAlarmConfig(config)
  const alarm = new OpenAlarm(config, config.key ?? '', config.epoch ?? 0, config.initial ?? null)
  alarm.reconcile()
  return alarm
}

/** The handle is the record itself, so that an idle actor is one object. */
class OpenAlarm extends Keeper implements Alarm {
  get time(): AlarmTime {
    if (this.failure !== null) throw throwing(this.failure)
    return this.work?.run?.deletion === 'deferred' ? null : this.desired
  }

  set(time: number | Date, options?: { allowUnconfirmed?: boolean }): void {
    checkConfirmation(options)
    this.intend(checkTime(time), options?.allowUnconfirmed)
  }

  setIn(ms: number, options?: { allowUnconfirmed?: boolean }): void {
    checkConfirmation(options)
    this.intend(timeIn(ms, this.now()), options?.allowUnconfirmed)
  }

  delete(options?: { allowUnconfirmed?: boolean }): void {
    checkConfirmation(options)
    this.intend(null, options?.allowUnconfirmed)
  }

  confirmed(): Awaitable<void> {
    return this.when(isDurable, asked)
  }

  drained(): Awaitable<void> {
    return this.when(isDrained)
  }

  holdUntilConfirmed<T>(): MonoTypeOperatorFunction<T> {
    return holdUntilConfirmed(() => this)
  }

  deliver(
    wakeup: Wakeup,
    handler: (info: WakeupInfo) => ObservableInput<unknown>,
  ): Awaitable<DeliveryOutcome> {
    return awaitable(deliver(this, wakeup, handler))
  }

  abandon(scheduledTime: number, delivered?: { readonly fence?: number }): AlarmTime {
    return abandon(this, scheduledTime, delivered)
  }
}
