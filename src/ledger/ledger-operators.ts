import type { SchedulerLike, Subject } from 'rxjs'
import { type AlarmScope, checkScope } from '../vocabulary/alarm-scope.ts'
import { type AlarmTime, checkTime } from '../vocabulary/time.ts'
import { checkFailedAlarm, type FailedAlarm } from './failed-alarm.ts'
import { discarded, type HeldAlarm, isFailed, isRescheduled, rescheduled, retried } from './held-alarm.ts'
import type { Ledger, LedgerAccess } from './ledger.ts'
import { type Pauses, pausedAt, resumedAt } from './pauses.ts'

/** What an operator may do: to alarms that have failed, and to deliveries. What is set is the actors' own. */
export interface LedgerOperators {
  retry(key: string, options?: { readonly fence?: number }): Promise<boolean>
  discard(key: string, options?: { readonly fence?: number }): Promise<boolean>
  reschedule(key: string, time: number | Date, options?: { readonly fence?: number }): Promise<boolean>
  pause(scope?: AlarmScope): Promise<boolean>
  resume(scope?: AlarmScope): Promise<boolean>
}

/** What was rescheduled may be given another time: a slip of a year would make it late by that. */
const isRedriven = (held: HeldAlarm): boolean => isFailed(held) || isRescheduled(held)

/** `news$` is given when what was changed is due. */
export function ledgerOperators(
  access: Pick<LedgerAccess, 'join'>,
  scheduler: SchedulerLike,
  news$: Subject<AlarmTime>,
): LedgerOperators {
  /** Its handler went with its process: the end of the lease is not waited for. */
  const isLeft = ({ holder }: HeldAlarm, ledger: Ledger): boolean =>
    holder !== null && ledger.hasDied?.(holder, scheduler.now()) === true

  /** Changes an alarm, if there is one that may be changed so; resolves to whether there was. */
  function change(
    { key, fence }: FailedAlarm,
    mayBe: (held: HeldAlarm, ledger: Ledger) => boolean,
    changed: (held: HeldAlarm, now: number) => HeldAlarm,
  ): Promise<boolean> {
    return new Promise((resolve, reject) => {
      access.join({
        run(ledger) {
          const held = ledger.read(key)
          if (held === undefined || !mayBe(held, ledger) || (fence !== null && fence !== held.fence))
            return null
          const after = changed(held, scheduler.now())
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

  /** Resolves to whether it changed anything. */
  function changePauses(change: (pauses: Pauses) => Pauses | null): Promise<boolean> {
    return new Promise((resolve, reject) => {
      access.join({
        run(ledger) {
          const after = change(ledger.pauses())
          if (after !== null) ledger.keepPauses(after)
          return after !== null
        },
        done(isChanged) {
          news$.next(0) // what was set aside may be due
          resolve(isChanged)
        },
        failed: reject,
      })
    })
  }

  return {
    retry: async (key, options) =>
      change(
        checkFailedAlarm(key, options),
        (held, ledger) => isRedriven(held) || isLeft(held, ledger),
        retried,
      ),
    discard: async (key, options) => change(checkFailedAlarm(key, options), isFailed, discarded),
    async reschedule(key, time, options) {
      const at = checkTime(time)
      return change(checkFailedAlarm(key, options), isRedriven, (held, now) => rescheduled(held, at, now))
    },
    async pause(scope = {}) {
      const checked = checkScope(scope)
      return changePauses((pauses) => pausedAt(pauses, checked))
    },
    async resume(scope = {}) {
      const checked = checkScope(scope)
      return changePauses((pauses) => resumedAt(pauses, checked))
    },
  }
}
