import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import type { SchedulerLike } from 'rxjs'
import { askEngine } from '../../changes/changed-alarm.ts'
import type { Perform } from '../../changes/changes.ts'
import { groupLoader } from '../../changes/load-group.ts'
import { comesAgain } from '../../changes/repeat.ts'
import type { FleetEngine } from '../../fleet/fleet-engine.ts'
import { elapsedOf } from '../../vocabulary/elapsed.ts'
import { fieldOf } from '../../vocabulary/safe-field.ts'
import type { ActorRows } from '../actor-rows.ts'
import { storageError } from '../storage-error.ts'
import { fenced, rolledBack } from '../stores-errors.ts'
import type { ActorStore } from './actor-store.ts'
import type { Change, ChangeWork, Member } from './change.ts'
import { alarmsWithManager, isWithManager } from './earlier-alarms.ts'
import type { FileLine } from './file-line.ts'
import { undone } from './fleet-errors.ts'
import type { RunChange } from './run-change.ts'

/** What the transaction of a group is made with. */
export interface GroupParts {
  readonly db: DatabaseSync
  readonly file: string
  readonly rows: ActorRows
  readonly line: FileLine
  readonly store: ActorStore
  readonly engine: FleetEngine<string>
  readonly run: RunChange
  readonly scheduler: SchedulerLike
  /** ms that the manager has for the alarms of a group */
  readonly timeout: number
}

/** What becomes of the changes of a group. */
interface Ends {
  /** what is to come once more */
  readonly again: Change[]
  /** For callers, once the file is free again: it may be what they ask for next. */
  readonly answers: Map<Change, () => void>
}

const LONG = 100 // ms after which no other change of a group is begun: all else of the file waits for it

/**
 * Does changes in one transaction, which stays open while their functions are awaited; a savepoint for each undoes that one alone.
 *
 * The engine is notified of what they ask for when all of them have ended, and writes the earlier alarms to the manager: what it then wants
 * is no earlier than what the manager has, and goes into the rows with that very transaction. Its own commits of these actors wait for the
 * file meanwhile, and complete with it: they ask for nothing that is not in it. So a process that dies leaves a manager that is too early,
 * and never a state without its alarm.
 */
export function changeGroup(parts: GroupParts): Perform<ChangeWork> {
  const { db, file, rows, line, store, engine, run, scheduler, timeout } = parts
  const elapsed = elapsedOf(scheduler)
  const load = groupLoader<ChangeWork>({ engine, scheduler, timeout })

  return async (group) => {
    const ends: Ends = { again: [], answers: new Map() }
    const { again, answers } = ends
    const members = await load(group, again)
    try {
      if (members.length > 0) await line.alone(() => together(members, ends).finally(store.over))
    } catch (error) {
      const why = storageError(error, file)
      for (const { change } of members)
        if (!answers.has(change) && !again.includes(change)) reject(change, why, ends)
    } finally {
      for (const { hold } of members) hold.unsubscribe()
    }
    for (const answer of answers.values()) answer()
    await turn() // what is asked for next, and at once, must not keep all else from its turn
    return again
  }

  async function together(members: readonly Member[], ends: Ends): Promise<void> {
    store.change(members.map(({ actor }) => actor))
    const begunAt = elapsed()
    const ready: Member[] = []
    for (const [i, member] of members.entries()) {
      if (i > 0 && elapsed() - begunAt >= LONG) ends.again.push(member.change)
      else if (await isDone(member, ends)) ready.push(member)
      if (db.isTransaction) continue
      // What has rolled back the transaction has undone them all.
      for (const { change } of [...ready, ...members.slice(i + 1)])
        repeatAlone(change, rolledBack(file), ends)
      return
    }
    if (ready.length > 0) await commit(ready, ends)
  }

  /** Whether its statements are done; otherwise it is rejected. */
  async function isDone(member: Member, ends: Ends): Promise<boolean> {
    const { change, actor } = member
    if (actor.failure === null && !rows.isOwn(change.key, actor.epoch))
      actor.fail(fenced(file, change.key, actor.epoch)) // it is loaded again when it is used next
    if (isLost(member, ends)) return false
    const failed = await run(member)
    if (failed !== null) reject(change, failed.error, ends)
    return failed === null && !isLost(member, ends)
  }

  function isLost({ change, actor }: Member, ends: Ends): boolean {
    const why = change.cut ?? actor.failure
    if ((why ?? null) === null) return false
    reject(change, why, ends)
    return true
  }

  async function commit(ready: readonly Member[], ends: Ends): Promise<void> {
    const actors = ready.map(({ actor }) => actor)
    // Meanwhile: nothing was asked of the others, which come again as they were.
    const left = ready.filter((member) => !isLost(member, ends))
    if (left.length < ready.length) {
      ends.again.push(...left.map(({ change }) => change))
      return
    }
    const until = elapsed() + timeout
    try {
      for (const { change, actor } of ready) {
        askEngine(change, actor)
        actor.settle()
      }
      while (!actors.every(isWithManager))
        await alarmsWithManager(actors, scheduler, until - elapsed(), timeout)
      for (const { key, epoch, desired } of actors) rows.save(desired, key, epoch)
      line.commit()
    } catch (error) {
      fail(ready, storageError(error, file), ends)
      return
    }
    store.changed(actors)
    for (const { change } of ready) ends.answers.set(change, () => change.resolve(change.result))
  }

  /**
   * None of it is durable, and the engine would go on to commit the alarms without the rest: the actors break, and are loaded again when they are
   * used next. What is not the cause comes again.
   */
  function fail(ready: readonly Member[], error: unknown, ends: Ends): void {
    const isOfAll =
      ready.length === 1 || (canPass(error) && ready.every(({ actor }) => actor.failure === null))
    for (const { change, actor } of ready) {
      const { failure } = actor
      if (failure === null) actor.fail(isOfAll ? error : undone(error))
      const isCause = failure === null ? isOfAll : !canPass(failure)
      if (isCause) reject(change, failure ?? error, ends)
      else repeatAlone(change, failure ?? error, ends)
    }
  }
}

const canPass = (error: unknown): boolean => fieldOf(error, 'passes') === true

function reject(change: Change, error: unknown, { answers }: Ends): void {
  answers.set(change, () => change.reject(error))
}

/** So that it fails alone, where it fails. */
function repeatAlone(change: Change, why: unknown, ends: Ends): void {
  change.isAlone = true
  if (!comesAgain(change, ends.again)) reject(change, why, ends)
}
