import type { DatabaseSync } from 'node:sqlite'
import { defer, finalize, type SchedulerLike } from 'rxjs'
import type { Alarm } from '../actor/open-alarm.ts'
import { ActorHandle } from '../fleet/actor-handle.ts'
import type { FleetEngine } from '../fleet/fleet-engine.ts'
import type { LoadedAlarm, Resident } from '../fleet/resident.ts'
import { cronReader } from '../timers/series/cron-reader.ts'
import { loadCroner } from '../timers/series/load-croner.ts'
import { timesBy } from '../timers/series/series-times.ts'
import { type StoredTimers, storedTimers } from '../timers/stored-timers.ts'
import { awaitable } from '../vocabulary/awaitable.ts'
import type { TimeCheck } from '../vocabulary/real-time.ts'
import { type PendingTimers, pendingTimers, type TimerChanges } from './pending-timers.ts'
import { timerTable } from './timer-table.ts'

/** The timers of the actors of a file. */
export interface StoresTimers {
  of(key: string): StoredTimers
  /** What goes with the commit of this actor that is issued now. */
  take(key: string): TimerChanges | null
  drop(key: string): void
  /** The store has answered, and the fleet does not know yet: the alarm is put right by the timers that are durable, and those that wait. */
  loaded(actor: Resident, loaded: LoadedAlarm): void
}

interface StoresTimerParts {
  readonly db: DatabaseSync
  readonly scheduler: SchedulerLike
  readonly checkTime: TimeCheck
  /** Throws where none is open. */
  fleet(): FleetEngine<string>
}

interface ActorTimers {
  readonly rows: PendingTimers
  readonly timers: StoredTimers
}

type TimersAlarm = Pick<Alarm, 'time' | 'set' | 'delete' | 'touch' | 'deliver'>

/**
 * The timers of many actors: what is asked of them is read back at once, and is durable with the next commit of its actor.
 *
 * While an actor is not loaded, another process may change what is durable: so its alarm is asked for only once it is loaded, by what is durable
 * then.
 */
export function storesTimers({ db, scheduler, checkTime, fleet }: StoresTimerParts): StoresTimers {
  const table = timerTable(db)
  const timesOf = timesBy(cronReader(loadCroner))
  // An actor has one set of timers for as long as one is used, or has something under way; idle ones need no memory.
  const known = new Map<string, WeakRef<ActorTimers>>()
  const busy = new Map<string, ActorTimers>()
  let most = 1_000

  function use(key: string): ActorTimers {
    const found = known.get(key)?.deref()
    if (found !== undefined) return found
    const kept = (): void => void busy.set(key, made)
    const rows = pendingTimers(table(key), kept)
    const timers = storedTimers({ alarm: alarmOf(key, kept), rows, timesOf, scheduler, checkTime })
    const made: ActorTimers = { rows, timers }
    known.set(key, new WeakRef(made))
    if (known.size > most) sweep()
    return made
  }

  function sweep(): void {
    for (const [key, actor] of known) if (actor.deref() === undefined) known.delete(key)
    most = Math.max(1_000, known.size * 2)
  }

  /** Where the actor is not loaded, it is loaded; what it asks for then is put right by `loaded`. */
  function alarmOf(key: string, kept: () => void): TimersAlarm {
    const alarm = (): Alarm => new ActorHandle(fleet(), key)
    const isLoaded = (): boolean => {
      const actor = fleet().find(key)
      return actor !== null && actor.failure === null && actor.isLoaded
    }
    return {
      get time() {
        if (isLoaded()) return alarm().time
        alarm().touch({ allowUnconfirmed: true }) // throws what keeps it from being loaded, before anything has changed
        return null
      },
      set(time, options) {
        if (isLoaded()) alarm().set(time, options)
        else alarm().touch(options)
      },
      delete(options) {
        if (isLoaded()) alarm().delete(options)
        else alarm().touch(options)
      },
      touch: (options) => alarm().touch(options),
      deliver: (wakeup, handler) =>
        awaitable(
          defer(() => {
            kept()
            return alarm().deliver(wakeup, handler)
          }).pipe(finalize(() => tidy(key))),
        ),
    }
  }

  function tidy(key: string): void {
    if (busy.get(key)?.rows.isEmpty === true) busy.delete(key)
  }

  return {
    of: (key) => use(key).timers,
    take(key) {
      const changes = busy.get(key)?.rows.take() ?? null
      if (changes === null) return null
      return {
        write: changes.write,
        done() {
          changes.done()
          tidy(key)
        },
      }
    },
    drop(key) {
      busy.get(key)?.rows.drop()
      tidy(key)
    },
    loaded(actor, { time }) {
      const { key } = actor
      if (!busy.has(key) && !table(key).has()) return
      const { rows } = use(key)
      rows.renumber()
      const earliest = rows.earliest()
      if (earliest !== time) actor.intend(earliest, true)
    },
  }
}
