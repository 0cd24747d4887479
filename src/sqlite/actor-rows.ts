import type { DatabaseSync } from 'node:sqlite'
import type { LoadedAlarm } from '../fleet/resident.ts'
import { epochAbove, fenceOf } from '../vocabulary/fence.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import { fenced } from './stores-errors.ts'

/** The rows of many actors in one file, each step in the transaction that is open. What another incarnation has loaded since is `ALARM_FENCED`. */
export interface ActorRows {
  /** Raises the epoch of an actor, above `held`, the fence of its manager, where that is known; says what is kept of its alarm. */
  open(key: string, held: number | null): LoadedAlarm
  raise(least: number, key: string, epoch: number): void
  save(time: AlarmTime, key: string, epoch: number): void
  /** Whether no other incarnation has loaded it since. */
  isOwn(key: string, epoch: number): boolean
}

export function actorRows(db: DatabaseSync, file: string): ActorRows {
  const next = db.prepare(`
    SELECT coalesce((SELECT max(epoch, raised) FROM _nolater_actors WHERE key = ?), forgotten) + 1 AS epoch FROM _nolater_version`)
  const open = db.prepare(`
    INSERT INTO _nolater_actors SELECT ?1, max(forgotten, ?2) + 1, NULL, 0 FROM _nolater_version WHERE true
    ON CONFLICT (key) DO UPDATE SET epoch = max(epoch, raised, ?2) + 1, raised = 0 RETURNING epoch, alarm AS time`)
  const raise = db.prepare('UPDATE _nolater_actors SET raised = ? WHERE key = ? AND epoch = ?')
  const save = db.prepare('UPDATE _nolater_actors SET alarm = ? WHERE key = ? AND epoch = ?')
  const own = db.prepare('SELECT 1 FROM _nolater_actors WHERE key = ? AND epoch = ?')

  /** Below the first epoch whose fences are all above that one. */
  function least(key: string, held: number): number {
    const { epoch } = next.get(key) as { epoch: number }
    const above = held > fenceOf(epoch, 0) ? epochAbove(held, epoch) : null
    return above === null ? 0 : above - 1
  }

  return {
    open: (key, held) => open.get(key, held === null ? 0 : least(key, held)) as unknown as LoadedAlarm,
    raise(to, key, epoch) {
      if (raise.run(to, key, epoch).changes === 0) throw fenced(file, key, epoch)
    },
    save(time, key, epoch) {
      if (save.run(time, key, epoch).changes === 0) throw fenced(file, key, epoch)
    },
    isOwn: (key, epoch) => own.get(key, epoch) !== undefined,
  }
}
