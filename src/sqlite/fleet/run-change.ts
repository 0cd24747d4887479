import type { DatabaseSync } from 'node:sqlite'
import { firstValueFrom, from, type SchedulerLike, throwError, timeout as within } from 'rxjs'
import { tooLong } from '../../changes/change-errors.ts'
import { changedAlarm } from '../../changes/changed-alarm.ts'
import { callInside, type Inside } from '../../changes/inside-of-change.ts'
import type { TimeCheck } from '../../vocabulary/real-time.ts'
import { rolledBack } from '../stores-errors.ts'
import type { Member } from './change.ts'
import type { Loan } from './loan.ts'

/** Does the statements of one change in the transaction that is open: all of them, or none. `null` where it has ended well; otherwise why not. */
export type RunChange = (
  member: Pick<Member, 'change' | 'actor'>,
) => Promise<{ readonly error: unknown } | null>

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

  return async ({ change, actor }) => {
    const { key, work } = change
    const inside: Inside = { isOpen: true }
    const loan = lend(key)
    const alarm = changedAlarm(change, actor, inside, { checkTime, scheduler })
    db.exec('SAVEPOINT _nolater_change')
    try {
      const working = callInside(change, inside, async () => work(loan.tx, alarm, loan))
      change.result = await firstValueFrom(from(working).pipe(within(limit(key))))
      if (!db.isTransaction) throw rolledBack(file) // its function may have caught what has done so
      db.exec('RELEASE _nolater_change')
      return null
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK TO _nolater_change; RELEASE _nolater_change')
      return { error }
    } finally {
      inside.isOpen = false
      loan.end()
    }
  }
}
