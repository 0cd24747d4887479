import { defer, finalize, lastValueFrom, Observable, Subject } from 'rxjs'
import type { AlarmScope } from '../vocabulary/alarm-scope.ts'
import { type Awaitable, awaitable } from '../vocabulary/awaitable.ts'
import { configError } from '../vocabulary/error-of.ts'
import { AlarmFencedError } from '../vocabulary/errors.ts'
import { checkKey } from '../vocabulary/key.ts'
import type { AlarmList, ListOptions } from '../vocabulary/listed-alarm.ts'
import type { AlarmManager, WriteInfo } from '../vocabulary/manager.ts'
import type { ManagerStats } from '../vocabulary/manager-stats.ts'
import { type AlarmTime, checkAlarmTime } from '../vocabulary/time.ts'
import type { ClockSteps } from './clock-steps.ts'
import { dispatch } from './dispatch.ts'
import { written } from './held-alarm.ts'
import type { LedgerAccess } from './ledger.ts'
import { ledgerOperators } from './ledger-operators.ts'
import { ledgerReader } from './ledger-reader.ts'
import { checkDeliveries, type ManagerOptions } from './manager-options.ts'

/** A manager over a ledger, whose alarms can be read. */
export interface LedgerManager extends AlarmManager {
  write(key: string, time: AlarmTime, info: WriteInfo): Awaitable<never, void>
  /** The alarm that it holds for a key; while it is being delivered too, until that is done. Throws `ALARM_KEY_INVALID`. */
  get(key: string): AlarmTime
  list(options?: ListOptions): AlarmList
  stats(): Promise<ManagerStats>
  retry(key: string, options?: { readonly fence?: number }): Promise<boolean>
  discard(key: string, options?: { readonly fence?: number }): Promise<boolean>
  reschedule(key: string, time: number | Date, options?: { readonly fence?: number }): Promise<boolean>
  pause(scope?: AlarmScope): Promise<boolean>
  resume(scope?: AlarmScope): Promise<boolean>
  drain(): Promise<void>
  fenceOf(key: string): number | null
}

/** Makes a ledger a manager. `news$` may bring the due times that other processes write. */
export function ledgerManager(
  access: LedgerAccess,
  options: Required<ManagerOptions> & { readonly steps: ClockSteps; readonly processName?: string },
  news$ = new Subject<AlarmTime>(),
): LedgerManager {
  const { scheduler } = options
  const lapses$ = new Subject<void>()
  const drain$ = new Subject<void>()
  const open = new Set<Observable<never>>() // complete where deliveries end

  return {
    ...ledgerReader(access, () => scheduler.now()),
    ...ledgerOperators(access, scheduler, news$),
    async drain() {
      const ends = [...open].map((end$) => lastValueFrom(end$, { defaultValue: undefined }))
      drain$.next()
      await Promise.all(ends)
    },
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
    deliveries(handler, deliveryOptions = {}) {
      checkDeliveries(handler, deliveryOptions)
      const delivered$ = dispatch(
        { access, processName: '', ...options, news$, lapses$, drain$ },
        handler,
        deliveryOptions,
      )
      return defer(() => {
        const end$ = new Subject<never>()
        open.add(end$)
        return delivered$.pipe(
          finalize(() => {
            open.delete(end$)
            end$.complete()
          }),
        )
      })
    },
  }
}

function checkFence(fence: unknown): void {
  if (!Number.isSafeInteger(fence) || (fence as number) < 0) {
    throw configError('The fence of a write', 'a whole number, 0 or more, that grows with every write', fence)
  }
}
