import { noop } from 'rxjs'
import { askEngine } from '../../changes/changed-alarm.ts'
import type { Member } from './change.ts'
import { elsewhere } from './fleet-errors.ts'
import type { FleetRows, RowCommit } from './fleet-rows.ts'
import type { OpenGroup } from './open-group.ts'
import { type SharedCommit, sharedCommit } from './shared-commit.ts'

/** What a group is committed with. */
export interface CommitParts {
  readonly rows: FleetRows
  /** Of an actor with a change under way the engine's next commit is a part of this. */
  readonly commits: Map<string, SharedCommit<RowCommit>>
  /** alarms are due in so many ms, `null` for never */
  announce(dueIn: number | null): void
}

/**
 * Notifies the engine of what changes ask for, and commits all of it with their transaction. False: nothing is to be committed, and those that
 * may are to come again.
 */
export function commitTogether({
  rows,
  commits,
  announce,
}: CommitParts): (ready: readonly Member[], group: OpenGroup) => Promise<boolean> {
  return async (ready, group) => {
    const { signal, again } = group
    if (ready.some(isLost)) {
      for (const each of ready) {
        if (isLost(each)) each.change.reject(each.change.cut ?? each.actor.failure)
        else again.push(each.change)
      }
      return false
    }
    const commit = commitOf(ready, group)
    const abort = (): void => commit.fail(signal.reason)
    signal.addEventListener('abort', abort)
    for (const member of ready) {
      commits.set(member.change.key, commit)
      member.onBroken = (error) => {
        group.broken ??= member
        commit.fail(error)
      }
    }
    try {
      for (const { change, actor } of ready) askEngine(change, actor)
      await commit.done
      for (const { change } of ready) change.resolve(change.result)
      return true
    } catch (error) {
      commit.fail(error)
      throw error
    } finally {
      signal.removeEventListener('abort', abort)
      for (const member of ready) {
        member.onBroken = noop
        if (commits.get(member.change.key) === commit) commits.delete(member.change.key)
      }
    }
  }

  function commitOf(ready: readonly Member[], group: OpenGroup): SharedCommit<RowCommit> {
    const { ask, owned } = group
    return sharedCommit<RowCommit>(
      ready.map(({ change: { key } }) => key),
      async (all) => {
        const committed = await rows.commit(ask, owned, all)
        const refused = committed.findIndex(({ isOwn }) => !isOwn)
        if (refused >= 0) throw elsewhere((all[refused] as RowCommit).key, null)
        group.isSent = true
        await ask('COMMIT', [])
        for (const { dueIn } of committed) announce(dueIn)
      },
    )
  }
}

/** Its run is over, or its actor broken. */
const isLost = ({ change, actor }: Member): boolean => change.cut !== undefined || actor.failure !== null
