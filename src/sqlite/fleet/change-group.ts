import type { DatabaseSync } from 'node:sqlite'
import { firstValueFrom, type SchedulerLike, type Subscription } from 'rxjs'
import type { FleetEngine } from '../../fleet/fleet-engine.ts'
import type { Resident } from '../../fleet/resident.ts'
import { elapsedOf } from '../../vocabulary/elapsed.ts'
import { fieldOf } from '../../vocabulary/safe-field.ts'
import type { ActorRows } from '../actor-rows.ts'
import { fenced, rolledBack } from '../stores-errors.ts'
import type { ActorStore } from './actor-store.ts'
import type { Change } from './change.ts'
import type { Perform } from './change-line.ts'
import { alarmsWithManager, isWithManager } from './earlier-alarms.ts'
import type { FileLine } from './file-line.ts'
import { undone } from './fleet-errors.ts'
import type { RunChange } from './run-change.ts'

/** A change whose actor is in memory, and stays there. */
interface Member {
  readonly change: Change
  readonly actor: Resident
  readonly hold: Subscription
}

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

const TRIES = 5 // of one that is rolled back for what is not its own
const LONG = 100 // ms after which no other change of a group is begun: all else of the file waits for it

/**
 * Does changes in one transaction, which stays open while their functions are awaited; a savepoint for each undoes that one alone.
 *
 * The engine is notified of what they ask for when all of them have ended, and writes the earlier alarms to the manager: what it then wants
 * is no earlier than what the manager has, and goes into the rows with that very transaction. Its own commits of these actors wait for the
 * file meanwhile, and complete with it: they ask for nothing that is not in it. So a process that dies leaves a manager that is too early,
 * and never a state without its alarm.
 */
export function changeGroup(parts: GroupParts): Perform {
  const { db, file, rows, line, store, engine, run, scheduler, timeout } = parts
  const elapsed = elapsedOf(scheduler)

  return async (group) => {
    const members = (await Promise.all(group.map(load))).filter((each) => each !== null)
    if (members.length === 0) return []
    const again: Change[] = []
    try {
      await line.alone(() => together(members, again).finally(store.over))
    } catch (error) {
      for (const { change } of members) if (!change.isOver && !again.includes(change)) change.reject(error)
    } finally {
      for (const { hold } of members) hold.unsubscribe()
    }
    return again
  }

  async function load(change: Change): Promise<Member | null> {
    try {
      const actor = engine.use(change.key)
      // Used for nothing it may be dropped from memory: another one of its key would commit beside this one.
      const hold = actor.when(() => false).subscribe({ error() {} })
      engine.start(actor)
      await firstValueFrom(actor.loaded())
      return { change, actor, hold }
    } catch (error) {
      change.reject(error)
      return null
    }
  }

  async function together(members: readonly Member[], again: Change[]): Promise<void> {
    store.change(members.map(({ actor }) => actor))
    const begunAt = elapsed()
    const ready: Member[] = []
    for (const [i, member] of members.entries()) {
      const { change } = member
      if (i > 0 && elapsed() - begunAt >= LONG) again.push(change)
      else if (isToRun(member) && (await run(change, member.actor)) && !isLost(member)) ready.push(member)
      if (db.isTransaction) continue
      // What has rolled back the transaction has undone them all.
      for (const other of [...ready.splice(0), ...members.slice(i + 1)])
        repeat(other.change, rolledBack(file), again)
      return
    }
    if (ready.length > 0) await commit(ready, again)
  }

  function isToRun(member: Member): boolean {
    const { change, actor } = member
    if (isLost(member)) return false
    if (rows.isOwn(change.key, actor.epoch)) return true
    actor.fail(fenced(file, change.key, actor.epoch)) // it is loaded again when it is used next
    return !isLost(member)
  }

  function isLost({ change, actor }: Member): boolean {
    const why = change.cut ?? actor.failure
    if ((why ?? null) === null) return false
    change.reject(why)
    return true
  }

  async function commit(ready: readonly Member[], again: Change[]): Promise<void> {
    const actors = ready.map(({ actor }) => actor)
    // Meanwhile: nothing was asked of the others, which come again as they were.
    const left = ready.filter((member) => !isLost(member))
    if (left.length < ready.length) {
      again.push(...left.map(({ change }) => change))
      return
    }
    try {
      for (const { change, actor } of ready) notify(change, actor)
      while (!actors.every(isWithManager)) await alarmsWithManager(actors, scheduler, timeout)
      for (const { key, epoch, desired } of actors) rows.save(desired, key, epoch)
      line.commit()
    } catch (error) {
      fail(ready, error, again)
      return
    }
    store.changed(actors)
    for (const { change } of ready) change.resolve(change.result)
  }

  /** Where the alarm stays what it is, the rest is committed nevertheless. */
  function notify({ alarm }: Change, actor: Resident): void {
    actor.change()
    if (alarm !== undefined) actor.intend(alarm)
    actor.settle()
  }

  /**
   * None of it is durable, and the engine would go on to commit the alarms without the rest: the actors break, and are loaded again when they are
   * used next. What is not the cause comes again.
   */
  function fail(ready: readonly Member[], error: unknown, again: Change[]): void {
    const isOfAll =
      ready.length === 1 || (canPass(error) && ready.every(({ actor }) => actor.failure === null))
    for (const { change, actor } of ready) {
      const { failure } = actor
      if (failure === null) actor.fail(isOfAll ? error : undone(error))
      const isCause = failure === null ? isOfAll : !canPass(failure)
      if (isCause) change.reject(failure ?? error)
      else repeat(change, failure ?? error, again)
    }
  }
}

const canPass = (error: unknown): boolean => fieldOf(error, 'passes') === true

function repeat(change: Change, why: unknown, again: Change[]): void {
  if (change.isOver) return
  if (++change.tries < TRIES) again.push(change)
  else change.reject(why)
}
