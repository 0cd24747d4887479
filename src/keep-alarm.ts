import { Observable, type OperatorFunction } from 'rxjs'
import { type AlarmConfig, checkConfig } from './config.ts'
import type { AlarmEvent } from './event.ts'
import { type AlarmIntent, wantedTime } from './intent.ts'
import { Keeper } from './keeper.ts'

/**
 * Keeps one actor's alarm: the manager is never later than what the store may hold.
 *
 *     intents   5---2---------
 *     commit    5.|--------2.|      2 is committed when the manager has it
 *     write     --5.....|2.|--      2 is held until the write in flight has ended
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
  checkConfig(config)
  return (intents$) =>
    new Observable((subscriber) => {
      const keeper = new Keeper(config)
      subscriber.add(() => keeper.close())
      keeper.events$.subscribe(subscriber)
      keeper.reconcile()
      subscriber.add(
        intents$.subscribe({
          next(intent) {
            try {
              keeper.intend(wantedTime(intent), intent.allowUnconfirmed)
            } catch (error) {
              subscriber.error(error)
            }
          },
          error: (error) => subscriber.error(error),
          complete() {
            subscriber.add(
              keeper.when(() => keeper.isDrained).subscribe({ complete: () => subscriber.complete() }),
            )
          },
        }),
      )
    })
}
