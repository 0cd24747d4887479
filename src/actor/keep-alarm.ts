import { noop, Observable, type OperatorFunction, Subscription } from 'rxjs'
import { endInputs } from '../operators/end-inputs.ts'
import { listen } from '../operators/listen.ts'
import { reportUncaught } from '../operators/report-uncaught.ts'
import type { AlarmEvent } from '../vocabulary/event.ts'
import { type AlarmIntent, wantedTime } from '../vocabulary/intent.ts'
import { type AlarmConfig, checkAlarmConfig } from './config.ts'
import { Keeper } from './keeper.ts'
import { isDrained } from './waiting.ts'

/**
 * Keeps one actor's alarm: the manager is never later than what the store may hold.
 *
 * ```
 * alarm     1
 *
 * ask       5---2----------
 * commit    5.|-------2.|--    2 is committed when the manager has it
 * write     --5.....|------
 *                   2.|        2 is held until the write in flight has ended
 * ```
 *
 * Emits what happens as `AlarmEvent`s, and completes when the source has completed and everything is drained. Errors with what broke the
 * alarm: `ALARM_PRECOMMIT_FAILED`, `ALARM_COMMIT_FAILED`, `ALARM_FENCED`, a bad intent's `ALARM_TIME_INVALID`, or the source's own error.
 * Where `commit` and `write` complete synchronously, so does each intent.
 *
 * Gotcha: a config that cannot work is refused here, before anything is subscribed (`ALARM_CONFIG_INVALID`).
 *
 * ```ts
 * of(setAlarm(60_000)).pipe(keepAlarm({ commit: (time) => save(time), write: (time) => tell(time) })).subscribe()
 * ```
 */
export function keepAlarm(config: AlarmConfig): OperatorFunction<AlarmIntent, AlarmEvent> {
  checkAlarmConfig(config)
  return (intents$) =>
    new Observable((subscriber) => {
      const keeper = new Keeper(config, config.key ?? '', config.epoch ?? 0, config.initial ?? null)
      const inputs = new Subscription(() => keeper.close())
      // The end may come from the middle of the engine, which a teardown must not stop.
      const end = (pass: () => void): void => reportUncaught(() => endInputs(inputs, pass))
      const fail = (error: unknown): void => end(() => subscriber.error(error))
      const complete = (): void => end(() => subscriber.complete())

      subscriber.add(inputs)
      listen(keeper.events$, inputs, { next: (event) => subscriber.next(event), error: fail, complete: noop })
      keeper.reconcile()
      listen(intents$, inputs, {
        next(intent) {
          try {
            keeper.follow(intent, wantedTime(intent, keeper))
          } catch (error) {
            fail(error)
          }
        },
        error: fail,
        complete() {
          listen(keeper.when(isDrained), inputs, { next: noop, error: fail, complete })
        },
      })
    })
}
