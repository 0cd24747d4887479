import type { SchedulerLike } from 'rxjs'
import type { ChangedAlarm } from '../fleet/actor-fleet.ts'
import type { Resident } from '../fleet/resident.ts'
import type { TimeCheck } from '../vocabulary/real-time.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import { timeIn } from '../vocabulary/time-in.ts'
import type { Change } from './change.ts'
import { changeOver } from './change-errors.ts'
import type { Inside } from './inside-of-change.ts'

/** What the function of a change is given of its alarm, for as long as that function is under way: what it asks later would be in no commit. */
export function changedAlarm(
  change: Change,
  actor: Resident,
  inside: Inside,
  { checkTime, scheduler }: { readonly checkTime: TimeCheck; readonly scheduler: SchedulerLike },
): ChangedAlarm {
  const set = (time: AlarmTime): void => {
    if (!inside.isOpen || change.isOver) throw changeOver(change.key)
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

/** Asks the engine for what a change has asked of its alarm. Where that stays what it is, the rest is committed nevertheless. */
export function askEngine({ alarm }: Change, actor: Resident): void {
  actor.change()
  if (alarm !== undefined) actor.intend(alarm)
}
