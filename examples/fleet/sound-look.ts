import type { AlarmTime } from 'nolater'

/** What can be read of one actor, each reading at a moment of its own. */
export interface Readings {
  /** changes with every commit to the store */
  version(): unknown
  store(): AlarmTime
  manager(): AlarmTime
}

/**
 * What store and manager held at ONE moment, read from two databases that have no moment in common. `null` where that cannot be said.
 *
 * The store, the manager, and the store again: if nothing was committed in between, what was read first was still committed at the very
 * moment at which the manager was read. Comparing the alarm alone would not do: there and back again looks like nothing. Without the
 * second look, a commit and a write that both happen between the readings look like a violation, or hide one.
 */
export function lookSoundly({
  version,
  store,
  manager,
}: Readings): { store: AlarmTime; manager: AlarmTime } | null {
  const before = version()
  const seen = { store: store(), manager: manager() }
  return version() === before ? seen : null
}

/** Whether the manager would wake the actor too late, or never. `null` orders after every time. */
export function isLate({ store, manager }: { store: AlarmTime; manager: AlarmTime }): boolean {
  return store !== null && (manager === null || manager > store)
}
