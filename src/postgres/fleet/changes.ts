import { AsyncLocalStorage } from 'node:async_hooks'
import type { ClientBase, QueryConfig } from 'pg'
import { firstValueFrom, from, timeout as limited, merge, type SchedulerLike, throwError } from 'rxjs'
import type { FleetEngine } from '../../fleet/fleet-engine.ts'
import type { Resident } from '../../fleet/resident.ts'
import type { AlarmError } from '../../vocabulary/errors.ts'
import type { AlarmTime } from '../../vocabulary/time.ts'
import { timeIn } from '../../vocabulary/time-in.ts'
import { aborted } from '../aborted.ts'
import type { Database } from '../database.ts'
import { currentRun, type HandlerRun } from '../handler-run.ts'
import type { Lender } from '../lent-connections.ts'
import { loanOf } from '../loan.ts'
import { deliveryOver } from '../turn-errors.ts'
import { elsewhere, nestedChange, tooLong } from './fleet-errors.ts'
import type { Ask, FleetRows, RowCommit } from './fleet-rows.ts'
import { ownStatements } from './own-statements.ts'
import type { OwnedShard } from './shard-table.ts'
import { type SharedCommit, sharedCommit } from './shared-commit.ts'

/** What the function of a change asks of the alarm; it belongs to the change. */
export interface ChangedAlarm {
  /** what stands, or was asked in this change */
  readonly time: AlarmTime
  set(time: number | Date): void
  setIn(ms: number): void
  delete(): void
}

export type ChangeWork<T> = (tx: ClientBase, alarm: ChangedAlarm) => T | PromiseLike<T>

/** The changes of the actors that are owned here. */
export interface Changes {
  change<T>(key: string, work: ChangeWork<T>): Promise<T>
  /** that transaction of which a commit of this key is to be a part */
  readonly commits: ReadonlyMap<string, SharedCommit<RowCommit>>
  /** Lets none in any more, and cuts those that wait (`ALARM_CLOSED`). */
  cut(error: AlarmError): void
  /** Resolves when none of these shards, or none at all, has a change under way. */
  idle(shards?: ReadonlySet<number>): Promise<void>
}

/** One call of `change`. */
interface Change {
  readonly key: string
  readonly shard: number
  readonly work: ChangeWork<unknown>
  readonly run: HandlerRun | undefined
  resolve(result: unknown): void
  reject(error: unknown): void
  /** what it asks for; `undefined`: nothing */
  alarm: AlarmTime | undefined
  result: unknown
  /** why nothing of it is to stay */
  cut: unknown
  tries: number
}

interface Inside {
  isOpen: boolean
}

const GROUPS = 4 // transactions at a time
const MOST = 100 // changes of one
const TRIES = 5 // of one that the server rolls back

const inside = new AsyncLocalStorage<Inside>()

/**
 * The changes of one turn share a transaction, with a savepoint for each: the error of one undoes that one alone.
 *
 * Their statements come first; then the engine is notified of what each asks for, and the commit of all that it then asks for is the one of the
 * transaction. So an actor's state and its alarm are durable together, or neither is.
 */
export function fleetChanges(
  {
    db,
    rows,
    lender,
    engine,
    scheduler,
    lease,
  }: {
    readonly db: Database
    readonly rows: FleetRows
    readonly lender: Lender
    readonly engine: FleetEngine<string>
    readonly scheduler: SchedulerLike
    readonly lease: number
  },
  shardOfKey: (key: string) => number,
): Changes {
  const commits = new Map<string, SharedCommit<RowCommit>>()
  const busy = new Set<Change>()
  const cuts = new Set<AbortController>()
  const whenIdle = new Set<() => void>()
  let waiting: Change[] = []
  let groups = 0
  let closed: AlarmError | null = null

  function change<T>(key: string, work: ChangeWork<T>): Promise<T> {
    if (inside.getStore()?.isOpen === true) return Promise.reject(nestedChange())
    if (closed !== null) return Promise.reject(closed)
    const run = currentRun()
    if (run?.closed === true) return Promise.reject(deliveryOver())
    return new Promise<T>((resolve, reject) => {
      const asked: Change = {
        key,
        shard: shardOfKey(key),
        work,
        run,
        resolve: resolve as Change['resolve'],
        reject,
        alarm: undefined,
        result: undefined,
        cut: undefined,
        tries: 0,
      }
      run?.add(() => {
        asked.cut ??= deliveryOver()
      })
      waiting.push(asked)
      if (waiting.length === 1) setImmediate(pump)
    })
  }

  /** Begins as many transactions as there may be. Two changes of one key are never under way at once. */
  function pump(): void {
    while (groups < GROUPS) {
      const keys = new Set([...busy].map(({ key }) => key))
      const group: Change[] = []
      waiting = waiting.filter((each) => {
        if (group.length === MOST || keys.has(each.key)) return true
        keys.add(each.key)
        group.push(each)
        return false
      })
      if (group.length === 0) return
      groups++
      for (const each of group) busy.add(each)
      void perform(group).finally(() => {
        groups--
        for (const each of group) busy.delete(each)
        pump()
        for (const look of [...whenIdle]) look()
      })
    }
  }

  function again(changes: readonly Change[]): void {
    for (const each of changes) each.alarm = undefined
    waiting.unshift(...changes)
  }

  async function perform(group: readonly Change[]): Promise<void> {
    const loaded = (await Promise.all(group.map(load))).filter((each) => each !== null)
    if (loaded.length === 0) return
    const over = new AbortController()
    cuts.add(over)
    try {
      await inTransaction(loaded, over)
    } catch (error) {
      for (const { change: each } of loaded) each.reject(error)
    } finally {
      cuts.delete(over)
    }
  }

  /** The actor, with nothing left to commit of before. */
  async function load(asked: Change): Promise<Loaded | null> {
    try {
      const actor = engine.use(asked.key)
      engine.start(actor)
      await firstValueFrom(actor.confirmed())
      return { change: asked, actor }
    } catch (error) {
      asked.reject(error)
      return null
    }
  }

  async function inTransaction(members: readonly Loaded[], over: AbortController): Promise<void> {
    const { signal } = over
    const lent = await lender.forTransaction({
      signal,
      end: () => over.abort(closed),
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
    let isOver = false
    try {
      await firstValueFrom(merge(from(begin(ask)), aborted(signal)))
      const shards = new Map<number, OwnedShard>()
      for (const { change: each, actor } of members)
        shards.set(each.shard, { id: each.shard, epoch: actor.epoch })
      const owned = await rows.lock(ask, [...shards.values()])
      const ready: Loaded[] = []
      for (const [i, member] of members.entries()) {
        const each = member.change
        if (!owned.has(each.shard)) {
          each.reject(elsewhere(each.key, null))
          continue
        }
        const ended = await endOf(one(member, client, ask), signal, each)
        if (ended === 'hung') {
          isOver = true
          await lent.end(null)
          again([...ready, ...members.slice(i + 1)].map((other) => other.change))
          return
        }
        if (ended === 'done') ready.push(member)
      }
      if (ready.length === 0) {
        await ask('ROLLBACK', [])
        return
      }
      await together(ready, ask, signal)
    } catch (error) {
      isOver = true
      await lent.end(null)
      throw lender.broken(signal.aborted ? signal.reason : error)
    } finally {
      if (!isOver) lent.giveBack()
    }
  }

  async function begin(ask: Ask): Promise<void> {
    await ask('BEGIN ISOLATION LEVEL READ COMMITTED', []) // the role may have another default
    // A process that was stopped in the middle must not keep its shards from another one.
    await ask(
      `SELECT set_config('lock_timeout', coalesce(nullif(current_setting('lock_timeout'), '0'), $1), true),
        set_config('idle_in_transaction_session_timeout', $2, true)`,
      [`${db.timeout}`, `${lease}`],
    )
  }

  /** How the function of a change has ended, which is not waited for without an end. */
  async function endOf(ending: Promise<Ended>, signal: AbortSignal, each: Change): Promise<Ended | 'hung'> {
    const late = tooLong(each.key, db.timeout)
    try {
      return await firstValueFrom(
        merge(from(ending), aborted(signal)).pipe(
          limited({ first: db.timeout, scheduler, with: () => throwError(() => late) }),
        ),
      )
    } catch (error) {
      if (error !== late) throw error
      each.reject(late)
      return 'hung'
    }
  }

  /** The statements of one change: all of them, or none. */
  async function one({ change: each, actor }: Loaded, client: ClientBase, ask: Ask): Promise<Ended> {
    await ask('SAVEPOINT nolater', [])
    const store: Inside = { isOpen: true }
    const loan = loanOf(ownStatements(client) as never)
    try {
      each.result = await inside.run(store, async () => each.work(loan.client, alarmOf(each, actor)))
      if (each.cut !== undefined) throw each.cut
      await ask('SET CONSTRAINTS ALL IMMEDIATE', [])
      await ask('RELEASE SAVEPOINT nolater', [])
      return 'done'
    } catch (error) {
      await ask('ROLLBACK TO SAVEPOINT nolater', [])
      await ask('RELEASE SAVEPOINT nolater', [])
      if (isRolledBack(error) && ++each.tries < TRIES) again([each])
      else each.reject(error)
      return 'undone'
    } finally {
      store.isOpen = false
      loan.end()
    }
  }

  function alarmOf(each: Change, actor: Resident): ChangedAlarm {
    const set = (time: AlarmTime): void => {
      each.alarm = time
    }
    return {
      get time() {
        return each.alarm === undefined ? actor.time : each.alarm
      },
      set: (time) => set(engine.checkTime(time)),
      setIn: (ms) => set(timeIn(ms, scheduler.now())),
      delete: () => set(null),
    }
  }

  /** Notifies the engine of what they ask for, and commits all of it. */
  async function together(ready: readonly Loaded[], ask: Ask, signal: AbortSignal): Promise<void> {
    const broken = ready.find(({ actor }) => actor.failure !== null)
    if (broken !== undefined) {
      // Its alarm has broken meanwhile: what it has changed goes, and the others come again.
      broken.change.reject(broken.actor.failure)
      again(ready.filter((each) => each !== broken).map((each) => each.change))
      await ask('ROLLBACK', [])
      return
    }
    const commit = sharedCommit<RowCommit>(
      ready.map(({ change: { key } }) => key),
      async (all) => {
        await rows.commit(ask, all)
        await ask('COMMIT', [])
      },
    )
    const abort = (): void => commit.fail(signal.reason)
    signal.addEventListener('abort', abort)
    for (const {
      change: { key },
    } of ready)
      commits.set(key, commit)
    try {
      for (const { change: each, actor } of ready) notify(each, actor)
      await commit.done
      for (const { change: each } of ready) each.resolve(each.result)
    } finally {
      signal.removeEventListener('abort', abort)
      for (const {
        change: { key },
      } of ready)
        if (commits.get(key) === commit) commits.delete(key)
    }
  }

  /** Where the alarm stays what it is, the rest must be committed nevertheless. */
  function notify({ alarm }: Change, actor: Resident): void {
    actor.change()
    if (alarm !== undefined) actor.intend(alarm)
  }

  return {
    change,
    commits,
    cut(error) {
      closed = error
      for (const each of waiting) each.reject(error)
      waiting = []
      for (const over of cuts) over.abort(error)
    },
    idle: (shards) =>
      new Promise((resolve) => {
        const look = (): void => {
          const isBusy = [...busy, ...waiting].some(({ shard }) => shards === undefined || shards.has(shard))
          if (isBusy) return
          whenIdle.delete(look)
          resolve()
        }
        whenIdle.add(look)
        look()
      }),
  }
}

type Ended = 'done' | 'undone'

interface Loaded {
  readonly change: Change
  readonly actor: Resident
}

/** For a deadlock, or an isolation that is stricter than is needed. */
function isRolledBack(error: unknown): boolean {
  return String((error as { code?: unknown } | null)?.code).startsWith('40')
}
