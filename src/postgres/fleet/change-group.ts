import type { ClientBase, QueryConfig } from 'pg'
import { firstValueFrom, from, timeout as limited, merge, noop, type SchedulerLike, throwError } from 'rxjs'
import type { FleetEngine } from '../../fleet/fleet-engine.ts'
import type { Resident } from '../../fleet/resident.ts'
import { elapsedOf } from '../../vocabulary/elapsed.ts'
import type { AlarmTime } from '../../vocabulary/time.ts'
import { timeIn } from '../../vocabulary/time-in.ts'
import { aborted } from '../aborted.ts'
import type { Database } from '../database.ts'
import type { Backend, Lender } from '../lent-connections.ts'
import { loanOf } from '../loan.ts'
import type { Change, ChangedAlarm } from './change.ts'
import { type Inside, insideOfChange, type Perform } from './changes.ts'
import { elsewhere, tooLong, unanswered } from './fleet-errors.ts'
import type { Ask, FleetRows, Owned, RowCommit } from './fleet-rows.ts'
import { groupLoader, type Member } from './load-group.ts'
import type { Ownership } from './own-shards.ts'
import { ownStatements } from './own-statements.ts'
import { type SharedCommit, sharedCommit } from './shared-commit.ts'

/** What has become of a transaction when it fails. */
interface Outcome {
  /** it may be durable */
  isSent: boolean
  /** whose actor has broken */
  broken: Member | null
}

/** What the transaction of a group is made with. */
export interface GroupParts {
  readonly db: Database
  readonly rows: FleetRows
  readonly lender: Lender
  readonly engine: FleetEngine<string>
  readonly ownership: Ownership
  readonly scheduler: SchedulerLike
  /** ms, of a process */
  readonly lease: number
  /** Of an actor with a change under way the engine's next commit is a part of this. */
  readonly commits: Map<string, SharedCommit<RowCommit>>
  /** alarms are due in so many ms, `null` for never */
  announce(dueIn: number | null): void
}

const TRIES = 5 // of one that is rolled back for what is not its own

// Checked now, and deferred as before: those of the changes that follow are, too.
const CHECK =
  'SAVEPOINT nolater_check; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK TO nolater_check; RELEASE nolater_check; RELEASE nolater'

/**
 * Does changes in one transaction, with a savepoint for each: the error of one undoes that one alone.
 *
 * Their statements come first; then the engine is notified of what each asks for, and the commit of all that it then asks for is the one of the
 * transaction. So an actor's state and its alarm are durable together, or neither is.
 */
export function changeGroup(parts: GroupParts): Perform {
  const { db, rows, lender, engine, ownership, scheduler, lease, commits, announce } = parts
  const elapsed = elapsedOf(scheduler)
  const load = groupLoader({ engine, scheduler, timeout: db.timeout })

  return async (group) => {
    const again: Change[] = []
    const members = await load(group, again)
    if (members.length === 0) return again
    try {
      return [...again, ...(await inTransaction(members))]
    } catch (error) {
      for (const { change } of members) if (!change.isOver) change.reject(error)
      return again
    } finally {
      for (const { hold } of members) hold.unsubscribe()
    }
  }

  /** Which of them are to come once more. */
  async function inTransaction(members: readonly Member[]): Promise<Change[]> {
    const over = new AbortController()
    const { signal } = over
    const owned = ownedOf(members)
    const lent = await lender.forTransaction({
      signal,
      end: () => over.abort(new Error('the pool is being closed')),
      lost: (error) => over.abort(error),
    })
    const { client } = lent
    const ask: Ask = async (text, values) => {
      const config: QueryConfig & { query_timeout: number } = {
        text,
        values: [...values],
        query_timeout: db.timeout,
      }
      return (await client.query(config)).rows
    }
    let backend: Backend | null = null
    let isOver = false
    const outcome: Outcome = { isSent: false, broken: null }
    const again: Change[] = []
    try {
      backend = await firstValueFrom(merge(from(begin(ask)), aborted(signal)))
      const locked = await rows.lock(ask, owned)
      const ready: Member[] = []
      const begunAt = elapsed()
      for (const member of members) {
        const { change } = member
        if (elapsed() - begunAt >= db.timeout) {
          // The functions before it are slow, and those that are done wait for it, too.
          change.isAlone = true
          again.push(change)
          continue
        }
        if (change.cut !== undefined) {
          change.reject(change.cut)
          continue
        }
        if (!locked.has(change.shard)) {
          refuseOrRepeat(change, owned, again)
          continue
        }
        const ended = await endOf(one(member, client, ask, again), signal, change)
        if (ended === 'done') ready.push(member)
        if (ended !== 'hung') continue
        // It may still use the client. What was done goes with it, and comes again: each by itself, as another one may have no end either.
        isOver = true
        await lent.end(backend)
        const left = members.map((each) => each.change).filter((each) => !each.isOver)
        for (const each of left) each.isAlone = true
        return left
      }
      const isDone = ready.length > 0 && (await together(ready, ask, signal, owned, again, outcome))
      if (!isDone) await ask('ROLLBACK', [])
      return again
    } catch (error) {
      isOver = true
      await lent.end(backend)
      const why = lender.broken(signal.aborted ? signal.reason : error)
      const left = members.map(({ change }) => change).filter((each) => !each.isOver && !again.includes(each))
      if (outcome.isSent) {
        for (const change of left) change.reject(unanswered(change.key, why))
      } else if (!isRolledBack(error) && outcome.broken === null) {
        for (const change of left) change.reject(why)
      } else {
        outcome.broken?.change.reject(error)
        for (const change of left) if (!change.isOver) repeat(change, why, again)
      }
      return again
    } finally {
      if (!isOver) lent.giveBack()
    }
  }

  /** As it is now: what is owned under another epoch, or as another process, when it is to be locked, is not. */
  function ownedOf(members: readonly Member[]): Owned {
    const shards = new Map(members.map(({ change: { shard } }) => [shard, ownership.epochOf(shard)]))
    return {
      process: ownership.process,
      shards: [...shards].flatMap(([id, epoch]) => (epoch === null ? [] : [{ id, epoch }])),
    }
  }

  /** Not locked: it is another one's, or this process has raised its epoch meanwhile. */
  function refuseOrRepeat(change: Change, owned: Owned, again: Change[]): void {
    const asked = owned.shards.find(({ id }) => id === change.shard)?.epoch
    const epoch = ownership.epochOf(change.shard)
    const why = elsewhere(change.key, null)
    if (epoch !== null && epoch !== asked) repeat(change, why, again)
    else change.reject(why)
  }

  async function begin(ask: Ask): Promise<Backend> {
    await ask('BEGIN ISOLATION LEVEL READ COMMITTED', []) // the role may have another default
    // What hangs must not keep its shards from another process, neither in a statement nor between two.
    const [backend] = await ask<Backend>(
      `SELECT pg_backend_pid() AS pid, now()::text AS since,
        set_config('lock_timeout', coalesce(nullif(current_setting('lock_timeout'), '0'), $1), true),
        set_config('statement_timeout', coalesce(nullif(current_setting('statement_timeout'), '0'), $1), true),
        set_config('idle_in_transaction_session_timeout', $2, true)`,
      [`${db.timeout}`, `${lease}`],
    )
    return backend as Backend
  }

  /** How the function of a change has ended, which is not waited for without an end. */
  async function endOf(ending: Promise<Ended>, signal: AbortSignal, change: Change): Promise<Ended | 'hung'> {
    const late = tooLong(change.key, db.timeout)
    try {
      return await firstValueFrom(
        merge(from(ending), aborted(signal)).pipe(
          limited({ first: db.timeout, scheduler, with: () => throwError(() => late) }),
        ),
      )
    } catch (error) {
      if (error !== late) throw error
      change.reject(late)
      return 'hung'
    }
  }

  /** The statements of one change: all of them, or none. */
  async function one(
    { change, actor }: Member,
    client: ClientBase,
    ask: Ask,
    again: Change[],
  ): Promise<Ended> {
    await ask('SAVEPOINT nolater', [])
    const store: Inside = { isOpen: true }
    const loan = loanOf(ownStatements(client) as never)
    try {
      change.result = await insideOfChange.run(store, async () =>
        change.work(loan.client, alarmOf(change, actor)),
      )
      await ask(CHECK, [])
      return 'done'
    } catch (error) {
      await ask('ROLLBACK TO SAVEPOINT nolater', [])
      await ask('RELEASE SAVEPOINT nolater', [])
      if (isRolledBack(error)) repeat(change, error, again)
      else change.reject(error)
      return 'undone'
    } finally {
      store.isOpen = false
      loan.end()
    }
  }

  function alarmOf(change: Change, actor: Resident): ChangedAlarm {
    const set = (time: AlarmTime): void => {
      change.alarm = time
    }
    return {
      key: change.key,
      get time() {
        return change.alarm === undefined ? actor.time : change.alarm
      },
      set: (time) => set(engine.checkTime(time)),
      setIn: (ms) => set(timeIn(ms, scheduler.now())),
      delete: () => set(null),
    }
  }

  /** Notifies the engine of what they ask for, and commits all of it. False: nothing is to be committed, and those that may are to come again. */
  async function together(
    ready: readonly Member[],
    ask: Ask,
    signal: AbortSignal,
    owned: Owned,
    again: Change[],
    outcome: Outcome,
  ): Promise<boolean> {
    const isLost = ({ change, actor }: Member): boolean => change.cut !== undefined || actor.failure !== null
    if (ready.some(isLost)) {
      for (const each of ready) {
        if (isLost(each)) each.change.reject(each.change.cut ?? each.actor.failure)
        else again.push(each.change)
      }
      return false
    }
    const commit = sharedCommit<RowCommit>(
      ready.map(({ change: { key } }) => key),
      async (all) => {
        const committed = await rows.commit(ask, owned, all)
        const refused = committed.findIndex(({ isOwn }) => !isOwn)
        if (refused >= 0) throw elsewhere((all[refused] as RowCommit).key, null)
        outcome.isSent = true
        await ask('COMMIT', [])
        for (const { dueIn } of committed) announce(dueIn)
      },
    )
    const abort = (): void => commit.fail(signal.reason)
    signal.addEventListener('abort', abort)
    for (const member of ready) {
      commits.set(member.change.key, commit)
      member.onBroken = (error) => {
        outcome.broken ??= member
        commit.fail(error)
      }
    }
    try {
      for (const { change, actor } of ready) notify(change, actor)
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

  /** Where the alarm stays what it is, the rest must be committed nevertheless. */
  function notify({ alarm }: Change, actor: Resident): void {
    actor.change()
    if (alarm !== undefined) actor.intend(alarm)
  }
}

type Ended = 'done' | 'undone'

function repeat(change: Change, why: unknown, again: Change[]): void {
  if (++change.tries < TRIES) again.push(change)
  else change.reject(why)
}

/** By the server, for a deadlock, or an isolation that is stricter than is needed. */
function isRolledBack(error: unknown): boolean {
  return /^40[0-9A-Z]{3}$/.test(String((error as { code?: unknown } | null)?.code))
}
