import { BehaviorSubject, type Observable, type SchedulerLike } from 'rxjs'
import { oneTimer } from '../../ledger/one-timer.ts'
import { elapsedOf } from '../../vocabulary/elapsed.ts'
import type { OwnedShard, ShardTable } from './shard-table.ts'

/** The shards that this process owns. */
export interface Ownership {
  /** emits what is owned, from now on and whenever it changes */
  readonly owned$: Observable<ReadonlySet<number>>
  /** what it owns under, until its lease has ended: then it is another one */
  readonly process: string
  readonly process$: Observable<string>
  /** that share all shards, as the last look has found */
  readonly processes: number
  /** those that are owned now, and are to stay so */
  readonly shards: ReadonlySet<number>
  /** the epoch under which a shard is owned now; `null`: it is not */
  epochOf(shard: number): number | null
  /** Reports, and brings what is owned to its share. One look is under way at a time. */
  look(): Promise<void>
  /** Gives all back, so that others need not wait for the lease; takes none from here on. */
  leave(): Promise<void>
}

/** What is done about a change of owners, before anything else happens in a shard. */
export interface Moving {
  /** It is owned from here on; `before` is a process that had it, and has died. */
  taken(shards: readonly OwnedShard[], before: ReadonlySet<string>): Promise<void> | void
  /** It is to be given back: resolves when nothing is under way in it any more. Nothing new begins there. */
  leaving(shards: ReadonlySet<number>): Promise<void>
  /** It is owned no more. */
  lost(shards: ReadonlySet<number>): void
  /** More are owned than before. */
  owned(): void
}

/**
 * Owns a fair share of the shards: all of them divided by the processes, rounded up.
 *
 * A lease is counted from before it was asked for, on the monotonic clock: so this process stops before the database lets another one take over.
 */
export function ownShards(
  table: ShardTable,
  {
    shards,
    lease,
    scheduler,
    moving,
  }: { shards: number; lease: number; scheduler: SchedulerLike; moving: Moving },
): Ownership {
  const elapsed = elapsedOf(scheduler)
  const owned = new Map<number, number>() // epochs
  const leaving = new Set<number>()
  const owned$ = new BehaviorSubject<ReadonlySet<number>>(new Set())
  const end = oneTimer(scheduler, elapsed, loseAll)
  const process$ = new BehaviorSubject<string>(crypto.randomUUID())
  let processes = 1
  let isKnown = false
  let endsAt = -Infinity // of the lease
  let isLeft = false
  let looking: Promise<void> | null = null

  function loseAll(): void {
    isKnown = false
    lose([...owned.keys()])
  }

  function lose(given: readonly number[]): void {
    const lost = new Set(given.filter((id) => owned.delete(id)))
    for (const id of given) leaving.delete(id)
    if (lost.size === 0) return
    moving.lost(lost)
    owned$.next(new Set(owned.keys()))
  }

  async function lookNow(): Promise<void> {
    if (!isKnown) await begin()
    const askedAt = elapsed()
    const report = await table.report(process$.value)
    processes = report.processes
    if (!report.isKnown) {
      loseAll()
      return
    }
    extend(askedAt + lease)
    const share = Math.ceil(shards / report.processes)
    const most = Math.min(share - owned.size, report.free)
    if (most > 0 && !isLeft) await take(most)
    if (owned.size > share) await giveBack(owned.size - share)
  }

  /** As another process than before: what that one owned is free. */
  async function begin(): Promise<void> {
    if (endsAt !== -Infinity) process$.next(crypto.randomUUID())
    await table.enter(process$.value)
    isKnown = true
  }

  function extend(until: number): void {
    endsAt = until
    end.set(until)
  }

  async function take(most: number): Promise<void> {
    const taken = await table.take(process$.value, most)
    if (taken.length === 0) return
    const before = new Set(taken.flatMap(({ before }) => (before === null ? [] : [before])))
    await moving.taken(taken, before)
    for (const { id, epoch } of taken) owned.set(id, epoch)
    owned$.next(new Set(owned.keys()))
    moving.owned()
  }

  async function giveBack(count: number): Promise<void> {
    const given = [...owned.keys()].slice(-count)
    for (const id of given) leaving.add(id)
    await moving.leaving(new Set(given))
    lose(given)
    await table.release(process$.value, given)
  }

  const isHeld = (): boolean => elapsed() < endsAt

  return {
    get process() {
      return process$.value
    },
    process$: process$.asObservable(),
    get processes() {
      return processes
    },
    get shards() {
      return new Set(isHeld() ? [...owned.keys()].filter((id) => !leaving.has(id)) : [])
    },
    owned$: owned$.asObservable(),
    epochOf: (shard) => (leaving.has(shard) || !isHeld() ? null : (owned.get(shard) ?? null)),
    look() {
      looking ??= lookNow().finally(() => {
        looking = null
      })
      return looking
    },
    async leave() {
      isLeft = true
      await looking?.catch(() => {})
      end.set(null)
      lose([...owned.keys()])
      await table.leave(process$.value)
    },
  }
}
