import type { Confirmation } from '../vocabulary/check-names.ts'
import { AlarmError } from '../vocabulary/errors.ts'
import type { Timer } from './timer.ts'
import type { TimerRows } from './timer-rows.ts'
import {
  boundedTimers,
  deleteTimer,
  dueTimers,
  earliest,
  findTimer,
  noTimers,
  putTimer,
  type Timers,
} from './timers.ts'

/** What keeps all timers of an actor as one value. */
interface OneValue {
  load(): Timers | null | undefined
  save(timers: Timers, options?: Confirmation): void
  now(): number
}

/** Timers that are one value of the actor's state, loaded and saved at every change. */
export function valueRows({ load, save, now }: OneValue): TimerRows {
  let isReadBack = false
  let held: Timers | null = null
  const loaded = (): Timers => boundedTimers(load() ?? noTimers, now())
  const timers = (): Timers => held ?? loaded()

  function keep(next: Timers, options?: Confirmation): void {
    save(next, options)
    if (held !== null) held = next
    if (isReadBack) return
    // Once: timers that are read back only when they are durable would replace each other within a turn, and be lost.
    const { sets, list } = loaded()
    isReadBack = sets === next.sets && list.length === next.list.length
    if (!isReadBack) throw unread()
  }

  return {
    sets: () => timers().sets,
    find: (name) => findTimer(timers(), name),
    earliest: () => earliest(timers()),
    due: (until, after, most) => dueTimers(timers(), until, after).slice(0, most),
    put: (timer, options) => keep(putTimer(timers(), timer as Timer), options),
    remove: (name, options) => keep(deleteTimer(timers(), name), options),
    together(work) {
      if (held !== null) return work()
      held = loaded()
      try {
        return work()
      } finally {
        held = null
      }
    },
    bound() {}, // at each loading
  }
}

function unread(): AlarmError {
  return new AlarmError(
    'ALARM_CONFIG_INVALID',
    'load must return at once what save was given; it returned other timers. Keep them where they can be read back within the turn, as ' +
      'store.get and store.put of sqliteStore do. What sqliteStores shows is durable only: use its timers(key), or give such an actor a ' +
      'sqliteStore of its own.',
  )
}
