import type { DatabaseSync } from 'node:sqlite'
import { given } from '../vocabulary/given.ts'
import { inUse } from '../vocabulary/in-use.ts'
import type { AlarmTime } from '../vocabulary/time.ts'

/**
 * Deletes the row of an actor, in the transaction that is open. Its epoch is kept as the least of all that are opened from here on: what an
 * incarnation of before still sends has a lower fence than a new one of the same key, and none of its commits finds a row of its epoch.
 */
export function actorForgetter(db: DatabaseSync, file: string): (key: string) => void {
  const held = db.prepare('SELECT alarm FROM _nolater_actors WHERE key = ?')
  const keep = db.prepare(`
    UPDATE _nolater_version SET forgotten =
      max(forgotten, (SELECT max(epoch, raised) FROM _nolater_actors WHERE key = ?))`)
  const remove = db.prepare('DELETE FROM _nolater_actors WHERE key = ?')
  const timers = db.prepare('DELETE FROM _nolater_timers WHERE actor = ?') // failed and paused ones need no alarm
  const sets = db.prepare('DELETE FROM _nolater_timer_sets WHERE actor = ?')
  return (key) => {
    const row = held.get(key) as { alarm: AlarmTime } | undefined
    if (row === undefined) return
    if (row.alarm !== null) throw inUse(key, given(file), `its alarm is ${row.alarm}`)
    keep.run(key)
    remove.run(key)
    timers.run(key)
    sets.run(key)
  }
}
