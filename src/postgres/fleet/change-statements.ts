import type { SchedulerLike } from 'rxjs'
import { changedAlarm } from '../../changes/changed-alarm.ts'
import { callInside, type Inside } from '../../changes/inside-of-change.ts'
import { repeat } from '../../changes/repeat.ts'
import type { FleetEngine } from '../../fleet/fleet-engine.ts'
import { loanOf } from '../loan.ts'
import type { Member } from './change.ts'
import { isRolledBack, type OpenGroup } from './open-group.ts'
import { ownStatements } from './own-statements.ts'

export type Ended = 'done' | 'undone'

// Checked now, and deferred as before: those of the changes that follow are, too.
const CHECK =
  'SAVEPOINT nolater_check; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK TO nolater_check; RELEASE nolater_check; RELEASE nolater'

/** Runs the statements of one change: all of them, or none. What is undone is rejected, or to come once more. */
export function changeStatements(parts: {
  readonly engine: Pick<FleetEngine<string>, 'checkTime'>
  readonly scheduler: SchedulerLike
}): (member: Member, group: OpenGroup) => Promise<Ended> {
  const { checkTime } = parts.engine
  const { scheduler } = parts

  return async ({ change, actor }, { client, ask, again }) => {
    await ask('SAVEPOINT nolater', [])
    const inside: Inside = { isOpen: true }
    const loan = loanOf(ownStatements(client) as never)
    const alarm = changedAlarm(change, actor, inside, { checkTime, scheduler })
    const over = (): void => {
      inside.isOpen = false
      loan.end()
    }
    try {
      change.result = await callInside(change, inside, async () => {
        try {
          return await change.work(loan.client, alarm)
        } finally {
          over() // what it has not awaited would come after the end of its savepoint
        }
      })
      await ask(CHECK, [])
      return 'done'
    } catch (error) {
      await ask('ROLLBACK TO SAVEPOINT nolater', [])
      await ask('RELEASE SAVEPOINT nolater', [])
      if (isRolledBack(error)) repeat(change, error, again)
      else change.reject(error)
      return 'undone'
    }
  }
}
