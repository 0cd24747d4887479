import type { DatabaseSync } from 'node:sqlite'
import type { SchedulerLike } from 'rxjs'
import type { Alarm } from '../actor/open-alarm.ts'
import { cronReader } from '../timers/series/cron-reader.ts'
import { loadCroner } from '../timers/series/load-croner.ts'
import { timesBy } from '../timers/series/series-times.ts'
import { type ListedRows, type StoredTimers, storedTimers } from '../timers/stored-timers.ts'
import { timeCheckFor } from '../vocabulary/real-time.ts'
import type { Turns } from './store-turn.ts'
import { boundAll, timerTable } from './timer-table.ts'

/** What the timers of a store are made of. */
interface StoreTimerParts {
  readonly db: DatabaseSync
  readonly key: string
  readonly turns: Turns
  readonly alarm: Alarm
  readonly scheduler: SchedulerLike
}

/** An actor's timers in rows: what a turn changes of them is in its transaction, with the alarm. */
export function storeTimers({ db, key, turns, alarm, scheduler }: StoreTimerParts): StoredTimers {
  const table = timerTable(db)(key)
  const read = <T>(work: () => T): T => {
    turns.check()
    return work()
  }
  const rows: ListedRows = {
    sets: () => read(table.sets),
    find: (name) => read(() => table.find(name)),
    earliest: () => read(table.earliest),
    due: (until, after, most) => read(() => table.due(until, after, most)),
    list: (options) => read(() => table.list(options)),
    put: (timer, options) =>
      turns.join(() => {
        table.put(timer)
        turns.touch(options)
      }),
    remove: (name, options) =>
      turns.join(() => {
        table.remove(name)
        turns.touch(options)
      }),
    together: (work) => work(),
    bound: (now) => boundAll(rows, table.latest, now),
  }

  // A library that knows no timers may have had the file, or a backup of another hour was put in place.
  const earliest = table.earliest()
  if (table.has() && earliest !== alarm.time) {
    if (earliest === null) alarm.delete({ allowUnconfirmed: true })
    else alarm.set(earliest, { allowUnconfirmed: true })
  }

  return storedTimers({
    alarm,
    rows,
    timesOf: timesBy(cronReader(loadCroner)),
    scheduler,
    checkTime: timeCheckFor(alarm),
  })
}
