import type { SchedulerLike } from 'rxjs'
import type { FleetEngine } from '../../fleet/fleet-engine.ts'
import type { Resident } from '../../fleet/resident.ts'
import type { AlarmTime } from '../../vocabulary/time.ts'
import { timeIn } from '../../vocabulary/time-in.ts'
import { loanOf } from '../loan.ts'
import type { Change, ChangedAlarm } from './change.ts'
import { type Inside, insideOfChange } from './changes.ts'
import type { Member } from './load-group.ts'
import { isRolledBack, type OpenGroup, repeat } from './open-group.ts'
import { ownStatements } from './own-statements.ts'

export type Ended = 'done' | 'undone'

// Checked now, and deferred as before: those of the changes that follow are, too.
const CHECK =
  'SAVEPOINT nolater_check; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK TO nolater_check; RELEASE nolater_check; RELEASE nolater'

/** Runs the statements of one change: all of them, or none. What is undone is rejected, or to come once more. */
export function changeStatements({
  engine,
  scheduler,
}: {
  readonly engine: FleetEngine<string>
  readonly scheduler: SchedulerLike
}): (member: Member, group: OpenGroup) => Promise<Ended> {
  return async ({ change, actor }, { client, ask, again }) => {
    await ask('SAVEPOINT nolater', [])
    const store: Inside = { isOpen: true }
    const loan = loanOf(ownStatements(client) as never)
    try {
      change.result = await insideOfChange.run(store, async () =>
        change.work(loan.client, alarmOf(change, actor)),
      )
      await ask(CHECK, [])
      return 'done'
    } catch (error) {
      await ask('ROLLBACK TO SAVEPOINT nolater', [])
      await ask('RELEASE SAVEPOINT nolater', [])
      if (isRolledBack(error)) repeat(change, error, again)
      else change.reject(error)
      return 'undone'
    } finally {
      store.isOpen = false
      loan.end()
    }
  }

  function alarmOf(change: Change, actor: Resident): ChangedAlarm {
    const set = (time: AlarmTime): void => {
      change.alarm = time
    }
    return {
      key: change.key,
      get time() {
        return change.alarm === undefined ? actor.time : change.alarm
      },
      set: (time) => set(engine.checkTime(time)),
      setIn: (ms) => set(timeIn(ms, scheduler.now())),
      delete: () => set(null),
    }
  }
}
