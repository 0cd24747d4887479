import type { ClientBase, QueryConfig } from 'pg'
import { firstValueFrom, from, timeout as limited, merge, type SchedulerLike, throwError } from 'rxjs'
import { tooLong } from '../../changes/change-errors.ts'
import { repeat } from '../../changes/repeat.ts'
import { elapsedOf } from '../../vocabulary/elapsed.ts'
import { aborted } from '../aborted.ts'
import type { Database } from '../database.ts'
import type { Backend, Lender } from '../lent-connections.ts'
import type { Change, Member } from './change.ts'
import type { Ended } from './change-statements.ts'
import { elsewhere, unanswered } from './fleet-errors.ts'
import type { Ask, FleetRows, Owned } from './fleet-rows.ts'
import { isRolledBack, type OpenGroup } from './open-group.ts'
import type { Ownership } from './own-shards.ts'

/** What the transaction of a group is made with. */
export interface TransactionParts {
  readonly db: Database
  readonly rows: FleetRows
  readonly lender: Lender
  readonly ownership: Ownership
  readonly scheduler: SchedulerLike
  /** ms, of a process */
  readonly lease: number
}

/** Does changes in a transaction: `one` runs the statements of each, `together` commits those that are done. Resolves with what is to come once more. */
export function groupTransaction(
  { db, rows, lender, ownership, scheduler, lease }: TransactionParts,
  one: (member: Member, group: OpenGroup) => Promise<Ended>,
  together: (ready: readonly Member[], group: OpenGroup) => Promise<boolean>,
): (members: readonly Member[]) => Promise<readonly Change[]> {
  const elapsed = elapsedOf(scheduler)

  return async (members) => {
    const over = new AbortController()
    const { signal } = over
    const owned = ownedOf(members)
    const lent = await lender.forTransaction({
      signal,
      end: () => over.abort(new Error('the pool is being closed')),
      lost: (error) => over.abort(error),
    })
    const { client } = lent
    const ask = askOf(client)
    const group: OpenGroup = { client, ask, owned, signal, again: [], isSent: false, broken: null }
    let backend: Backend | null = null
    let isEnded = false
    const end = async (): Promise<void> => {
      isEnded = true
      await lent.end(backend)
    }
    try {
      backend = await firstValueFrom(merge(from(begin(ask)), aborted(signal)))
      const ready = await eachOf(members, group)
      if (ready === 'hung') {
        // It may still use the client. What was done goes with it, and comes again: each by itself, as another one may have no end either.
        await end()
        return alone(members.map(({ change }) => change).filter((each) => !each.isOver))
      }
      const isDone = ready.length > 0 && (await together(ready, group))
      if (!isDone) await ask('ROLLBACK', [])
      return group.again
    } catch (error) {
      await end()
      failed(members, group, error)
      return group.again
    } finally {
      if (!isEnded) lent.giveBack()
    }
  }

  /** Runs the functions one after the other: those that are done, unless one hangs. */
  async function eachOf(members: readonly Member[], group: OpenGroup): Promise<Member[] | 'hung'> {
    const { ask, owned, again } = group
    const locked = await rows.lock(ask, owned)
    const ready: Member[] = []
    const begunAt = elapsed()
    for (const member of members) {
      const { change } = member
      if (change.cut !== undefined) change.reject(change.cut)
      else if (!locked.has(change.shard)) refuseOrRepeat(change, group)
      // The functions before it are slow, and those that are done wait for it, too.
      else if (elapsed() - begunAt >= db.timeout) again.push(...alone([change]))
      else {
        const ended = await endOf(one(member, group), group.signal, change)
        if (ended === 'hung') return ended
        if (ended === 'done') ready.push(member)
      }
    }
    return ready
  }

  function failed(
    members: readonly Member[],
    { signal, again, isSent, broken }: OpenGroup,
    error: unknown,
  ): void {
    const why = lender.broken(signal.aborted ? signal.reason : error)
    const left = members.map(({ change }) => change).filter((each) => !each.isOver && !again.includes(each))
    if (isSent) {
      for (const change of left) change.reject(unanswered(change.key, why))
    } else if (!isRolledBack(error) && broken === null) {
      for (const change of left) change.reject(why)
    } else {
      broken?.change.reject(error)
      for (const change of left) if (!change.isOver) repeat(change, why, again)
    }
  }

  function askOf(client: ClientBase): Ask {
    return async (text, values) => {
      const config: QueryConfig & { query_timeout: number } = {
        text,
        values: [...values],
        query_timeout: db.timeout,
      }
      return (await client.query(config)).rows
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
  function refuseOrRepeat(change: Change, { owned, again }: OpenGroup): void {
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
}

function alone(changes: readonly Change[]): readonly Change[] {
  for (const change of changes) change.isAlone = true
  return changes
}
