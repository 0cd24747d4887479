import { BehaviorSubject, type Observable, type SchedulerLike } from 'rxjs'
import { oneTimer } from '../../ledger/one-timer.ts'
import { elapsedOf } from '../../vocabulary/elapsed.ts'
import { type OwnedShard, type Report, type ShardTable, wrongNumber } from './shard-table.ts'

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
  readonly shards: readonly number[]
  /** the epoch under which a shard is owned now; `null`: it is not */
  epochOf(shard: number): number | null
  /** Whether what is asked for may begin in it: one that is to be given back takes changes until no handler is at work in it. */
  takes(shard: number): boolean
  /** Its epoch was raised by this process. */
  raised(shard: number, epoch: number): void
  /** Reports, and begins to bring what is owned to its share. Rejects with what keeps it from either. */
  look(): Promise<void>
  /** Gives all back, each when nothing is under way in it, so that others need not wait for the lease; takes none from here on. */
  leave(): Promise<void>
}

/** What is done about a change of owners. */
export interface Moving {
  /** It is owned, and nothing has begun in it yet. */
  taken(shards: readonly OwnedShard[]): Promise<void>
  /** It is to be given back: resolves when no handler is at work in it any more, which is within a lease of theirs, as none begins. */
  leaving(shard: number): Promise<void>
  /** It takes nothing any more: resolves when nothing is under way in it, and within a limit. */
  closing(shard: number): Promise<void>
  /** It is owned no more. */
  lost(shards: ReadonlySet<number>): void
  /** More are owned than before. */
  owned(): void
}

/**
 * Owns a fair share of the shards: all of them divided by the processes, rounded up.
 *
 * A lease is counted from before it was asked for, on the monotonic clock: so this process stops before the database lets another one take over.
 * Reports wait for nothing; what is owned is moved beside them. What it knows to own is compared with the database in each look, as the answer to
 * a move may be lost.
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
  const closing = new Set<number>() // those of them that take nothing any more
  let staying: readonly number[] | null = null // the others, as each look for what is due asks for them
  const owned$ = new BehaviorSubject<ReadonlySet<number>>(new Set())
  const end = oneTimer(scheduler, elapsed, loseAll)
  const process$ = new BehaviorSubject<string>(crypto.randomUUID())
  let processes = 1
  let timeline: number | null = null
  let hasBegun = false
  let isKnown = false
  let endsAt = -Infinity // of the lease
  let isLeaving = false
  let hasLeft = false
  let looking: Promise<void> | null = null
  let balancing: Promise<void> | null = null
  let giving: Promise<void> | null = null
  let failure: { readonly error: unknown } | null = null // of the last time that it was balanced

  const isHeld = (): boolean => elapsed() < endsAt

  function loseAll(): void {
    isKnown = false
    endsAt = -Infinity
    end.set(null)
    lose([...owned.keys()])
  }

  function keepOn(id: number): void {
    staying = null
    leaving.delete(id)
    closing.delete(id)
  }

  function lose(given: Iterable<number>): void {
    const lost = new Set<number>()
    for (const id of given) {
      if (owned.delete(id)) lost.add(id)
      keepOn(id)
    }
    if (lost.size === 0) return
    moving.lost(lost)
    owned$.next(new Set(owned.keys()))
  }

  async function report(): Promise<Report | null> {
    if (!isKnown) await begin()
    const askedAt = elapsed()
    const found = await table.report(process$.value)
    processes = found.processes
    if (found.shards !== shards) {
      loseAll()
      throw wrongNumber(found.shards, shards)
    }
    // What was acknowledged by a primary that is lost, is in memory and nowhere else.
    const isMoved = timeline !== null && timeline !== found.timeline
    timeline = found.timeline
    if (!found.isKnown || isMoved) {
      loseAll()
      return null
    }
    endsAt = askedAt + lease
    end.set(endsAt)
    return found
  }

  /** As another process than before, whose shards need not wait for the end of its lease. */
  async function begin(): Promise<void> {
    if (hasBegun) {
      await table.leave(process$.value)
      process$.next(crypto.randomUUID())
    }
    hasBegun = true
    await table.enter(process$.value)
    isKnown = true
  }

  async function lookNow(): Promise<void> {
    if (hasLeft) return
    const found = await report()
    if (found !== null && !isLeaving) {
      balancing ??= noted(balance(found)).finally(() => {
        balancing = null
      })
    }
    if (failure !== null) throw failure.error
  }

  async function noted(moving: Promise<void>): Promise<void> {
    try {
      await moving
      failure = null
    } catch (error) {
      failure = { error }
    }
  }

  async function balance(found: Report): Promise<void> {
    const own = process$.value
    const isOver = (): boolean => own !== process$.value || !isHeld()
    if (found.owned !== owned.size || found.epochs !== sumOf(owned)) await compare(own, isOver)
    const share = Math.ceil(shards / found.processes)
    const most = Math.min(share - owned.size, found.free)
    if (most > 0) await keep(await table.take(own, most), isOver)
    // What was to be given away, and is wanted again.
    for (const id of leaving) if (owned.size - leaving.size < share) keepOn(id)
    if (owned.size <= share || giving !== null) return
    // Beside all the rest: it may take as long as a handler.
    giving = noted(giveBack([...owned.keys()].slice(share))).finally(() => {
      giving = null
    })
  }

  /** The answer to a move was lost, or a failover has undone one. */
  async function compare(own: string, isOver: () => boolean): Promise<void> {
    const all = new Map((await table.owned(own)).map((each) => [each.id, each]))
    // An epoch that was raised since it was read is right.
    lose([...owned].flatMap(([id, epoch]) => ((all.get(id)?.epoch ?? Infinity) > epoch ? [id] : [])))
    await keep(
      [...all.values()].filter(({ id }) => !owned.has(id)),
      isOver,
    )
  }

  async function keep(taken: readonly OwnedShard[], isOver: () => boolean): Promise<void> {
    if (taken.length === 0 || isOver()) return
    await moving.taken(taken)
    if (isOver()) return
    for (const { id, epoch } of taken) owned.set(id, epoch)
    staying = null
    owned$.next(new Set(owned.keys()))
    moving.owned()
  }

  /** Each as soon as nothing is under way in it: handlers first, which may be long, then the changes. Those that are so at the same time, together. */
  async function giveBack(given: readonly number[]): Promise<void> {
    const own = process$.value
    const quiet: number[] = []
    let releasing = Promise.resolve()
    const release = async (): Promise<void> => {
      const some = quiet.splice(0).filter((id) => owned.has(id) && leaving.has(id))
      if (some.length === 0) return
      lose(some)
      await table.release(own, some)
    }
    for (const id of given) leaving.add(id)
    staying = null
    await Promise.all(
      given.map(async (id) => {
        await moving.leaving(id)
        if (!leaving.has(id)) return
        closing.add(id)
        await moving.closing(id)
        if (quiet.push(id) > 1) return
        releasing = releasing.then(release)
        releasing.catch(() => {}) // it is waited for below, when the others are quiet too
      }),
    )
    await releasing
  }

  return {
    get process() {
      return process$.value
    },
    process$: process$.asObservable(),
    get processes() {
      return processes
    },
    get shards() {
      if (!isHeld()) return []
      staying ??= [...owned.keys()].filter((id) => !leaving.has(id))
      return staying
    },
    owned$: owned$.asObservable(),
    epochOf: (shard) => (isHeld() ? (owned.get(shard) ?? null) : null),
    takes: (shard) => isHeld() && owned.has(shard) && !closing.has(shard),
    raised(shard, epoch) {
      if (owned.has(shard)) owned.set(shard, epoch)
    },
    look() {
      looking ??= lookNow().finally(() => {
        looking = null
      })
      return looking
    },
    async leave() {
      isLeaving = true
      await looking?.catch(() => {})
      await balancing
      await giving
      try {
        await giveBack([...owned.keys()])
      } finally {
        hasLeft = true
        await looking?.catch(() => {})
        const own = process$.value
        loseAll()
        await table.leave(own)
      }
    },
  }
}

function sumOf(epochs: ReadonlyMap<number, number>): number {
  let sum = 0
  for (const epoch of epochs.values()) sum += epoch
  return sum
}
