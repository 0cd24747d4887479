import { Observable, Subject } from 'rxjs'
import { type Awaitable, awaitable } from '../vocabulary/awaitable.ts'
import { configError } from '../vocabulary/error-of.ts'
import { AlarmFencedError } from '../vocabulary/errors.ts'
import { checkKey } from '../vocabulary/key.ts'
import type { AlarmList, AlarmManager, ListOptions, WriteInfo } from '../vocabulary/manager.ts'
import { type AlarmTime, checkAlarmTime } from '../vocabulary/time.ts'
import { alarmList } from './alarm-list.ts'
import type { ClockSteps } from './clock-steps.ts'
import { dispatch } from './dispatch.ts'
import { checkFailedAlarm, type FailedAlarm } from './failed-alarm.ts'
import { discarded, type HeldAlarm, isFailed, retried, written } from './held-alarm.ts'
import type { LedgerAccess } from './ledger.ts'
import { listAlarms, placeAt } from './list-alarms.ts'
import { checkDeliveries, type ManagerOptions } from './manager-options.ts'

/** A manager over a ledger, whose alarms can be read. */
export interface LedgerManager extends AlarmManager {
  write(key: string, time: AlarmTime, info: WriteInfo): Awaitable<never, void>
  /** The alarm that it holds for a key; while it is being delivered too, until that is done. Throws `ALARM_KEY_INVALID`. */
  get(key: string): AlarmTime
  list(options?: ListOptions): AlarmList
  retry(key: string, options?: { readonly fence?: number }): Promise<boolean>
  discard(key: string, options?: { readonly fence?: number }): Promise<boolean>
  fenceOf(key: string): number | null
}

/** Makes a ledger a manager. `news$` may bring the due times that other processes write. */
export function ledgerManager(
  access: LedgerAccess,
  { scheduler, lease, steps }: Required<ManagerOptions> & { readonly steps: ClockSteps },
  news$ = new Subject<AlarmTime>(),
): LedgerManager {
  const lapses$ = new Subject<void>()

  /** Changes a failed alarm, if there is one; resolves to whether there was. */
  function changeFailed(
    { key, fence }: FailedAlarm,
    change: (held: HeldAlarm, now: number) => HeldAlarm,
  ): Promise<boolean> {
    return new Promise((resolve, reject) => {
      access.join({
        run(ledger) {
          const held = ledger.read(key)
          if (held === undefined || !isFailed(held) || (fence !== null && fence !== held.fence)) return null
          const after = change(held, scheduler.now())
          ledger.save(after)
          return after
        },
        done(after) {
          if (after !== null && after.due !== null) news$.next(after.due)
          resolve(after !== null)
        },
        failed: reject,
      })
    })
  }

  const placeOf = (key: string) => {
    const held = access.read(key)
    return held === undefined || held.time === null ? null : { at: placeAt(held), key }
  }

  return {
    list: (options = {}) => alarmList(listAlarms(options, () => scheduler.now(), placeOf, access.openRead)),
    retry: async (key, options) => changeFailed(checkFailedAlarm(key, options), retried),
    discard: async (key, options) => changeFailed(checkFailedAlarm(key, options), discarded),
    get: (key) => access.read(checkKey(key))?.time ?? null,
    fenceOf: (key) => access.read(checkKey(key))?.fence ?? null,
    write: (key, time, info) =>
      awaitable(
        new Observable((subscriber) => {
          checkKey(key)
          checkFence(info?.fence)
          const alarm = checkAlarmTime(time)
          access.join({
            run(ledger) {
              if (subscriber.closed) return null
              const now = scheduler.now()
              if (info.move !== 'same' && ledger.replace?.(key, alarm, info.fence, now) === true)
                return { due: alarm }
              const held = ledger.read(key)
              if (held !== undefined && info.fence < held.fence) {
                return new AlarmFencedError(key, info.fence, held.fence)
              }
              const after = written(held, key, alarm, info, now)
              if (after !== held) ledger.save(after)
              return after
            },
            done(after) {
              if (after instanceof AlarmFencedError) return subscriber.error(after)
              if (after !== null && after.due !== null) news$.next(after.due)
              subscriber.complete()
            },
            failed: (error) => subscriber.error(error),
          })
        }),
      ),
    deliveries(handler, options = {}) {
      checkDeliveries(handler, options)
      return dispatch({ access, scheduler, lease, steps, news$, lapses$ }, handler, options)
    },
  }
}

function checkFence(fence: unknown): void {
  if (!Number.isSafeInteger(fence) || (fence as number) < 0) {
    throw configError('The fence of a write', 'a whole number, 0 or more, that grows with every write', fence)
  }
}
