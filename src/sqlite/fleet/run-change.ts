import type { DatabaseSync } from 'node:sqlite'
import { firstValueFrom, from, type SchedulerLike, throwError, timeout as within } from 'rxjs'
import type { ChangedAlarm } from '../../fleet/actor-fleet.ts'
import type { Resident } from '../../fleet/resident.ts'
import type { TimeCheck } from '../../vocabulary/real-time.ts'
import type { AlarmTime } from '../../vocabulary/time.ts'
import { timeIn } from '../../vocabulary/time-in.ts'
import { rolledBack } from '../stores-errors.ts'
import type { Change } from './change.ts'
import { type Inside, insideOfChange } from './change-line.ts'
import { tooLong } from './fleet-errors.ts'
import type { Loan } from './loan.ts'

/** Does the statements of one change in the transaction that is open: all of them, or none. Whether it has ended well; otherwise it is rejected. */
export type RunChange = (change: Change, actor: Resident) => Promise<boolean>

export function changeRunner(
  db: DatabaseSync,
  file: string,
  {
    lend,
    checkTime,
    scheduler,
    timeout,
  }: {
    readonly lend: (key: string) => Loan
    readonly checkTime: TimeCheck
    readonly scheduler: SchedulerLike
    /** ms */
    readonly timeout: number
  },
): RunChange {
  const limit = (key: string) => ({
    first: timeout,
    scheduler,
    with: () => throwError(() => tooLong(key, timeout)),
  })

  return async (change, actor) => {
    const { key, context, work } = change
    const inside: Inside = { isOpen: true }
    const loan = lend(key)
    const called = async (): Promise<unknown> => work(loan.tx, alarmOf(change, actor, loan), loan)
    db.exec('SAVEPOINT _nolater_change')
    try {
      const working = context.runInAsyncScope(() => insideOfChange.run(inside, called))
      change.result = await firstValueFrom(from(working).pipe(within(limit(key))))
      if (!db.isTransaction) throw rolledBack(file) // its function may have caught what has done so
      db.exec('RELEASE _nolater_change')
      return true
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK TO _nolater_change; RELEASE _nolater_change')
      change.reject(error)
      return false
    } finally {
      inside.isOpen = false
      loan.end()
    }
  }

  function alarmOf(change: Change, actor: Resident, loan: Loan): ChangedAlarm {
    const set = (time: AlarmTime): void => {
      loan.check()
      change.alarm = time
    }
    return {
      key: change.key,
      get time() {
        return change.alarm === undefined ? actor.time : change.alarm
      },
      set: (time) => set(checkTime(time)),
      setIn: (ms) => set(timeIn(ms, scheduler.now())),
      delete: () => set(null),
    }
  }
}
