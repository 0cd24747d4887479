import { Observable } from 'rxjs'
import type { FleetConfig } from '../../fleet/fleet-config.ts'
import type { Resident } from '../../fleet/resident.ts'
import type { ActorRows } from '../actor-rows.ts'
import type { SqliteManager } from '../sqlite-manager.ts'
import type { FileLine } from './file-line.ts'
import { behind } from './fleet-errors.ts'

/** Where the engine of a fleet keeps its actors, beside the changes that have the file for themselves. */
export interface ActorStore {
  readonly config: Pick<FleetConfig, 'load' | 'commit' | 'write' | 'raise' | 'wallClock'>
  /** They are being changed: no epoch of theirs can be raised. */
  change(actors: readonly Resident[]): void
  /** The alarms that they want are durable: so is what their commits in flight have asked for. */
  changed(actors: readonly Resident[]): void
  /** They are not being changed any more. */
  over(): void
}

interface Commit {
  readonly epoch: number
  done(): void
}

export function actorStore(rows: ActorRows, line: FileLine, manager: SqliteManager): ActorStore {
  const inFlight = new Map<string, Commit>()
  const changing = new Set<string>()

  const config: ActorStore['config'] = {
    // A store that is older than its manager is noticed here, where no other write waits for what it does about it.
    load: (key) => line.step(() => rows.open(key, manager.fenceOf(key))),
    commit(time, { key, epoch }) {
      return new Observable((subscriber) => {
        const commit: Commit = { epoch, done: () => subscriber.complete() }
        inFlight.set(key, commit)
        subscriber.add(() => {
          if (inFlight.get(key) === commit) inFlight.delete(key)
        })
        subscriber.add(line.step(() => rows.save(time, key, epoch)).subscribe(subscriber))
      })
    },
    write: (time, info) => manager.write(info.key, time, info),
    raise(least, { key, epoch }) {
      if (changing.has(key)) throw behind(key)
      return line.step(() => {
        rows.raise(least, key, epoch)
        return least
      })
    },
    wallClock: true,
  }

  return {
    config,
    change(actors) {
      for (const { key } of actors) changing.add(key)
    },
    changed(actors) {
      for (const { key, epoch } of actors) {
        const commit = inFlight.get(key)
        if (commit?.epoch === epoch) commit.done()
      }
    },
    over: () => changing.clear(),
  }
}
