import { type Moving, type Ownership, ownShards } from '../../../src/postgres/fleet/own-shards.ts'
import type { Report, ShardTable } from '../../../src/postgres/fleet/shard-table.ts'
import { type VirtualClock, virtualClock } from '../../virtual-clock.ts'

const LEASE = 3_000

/** Processes over one table of shards, in virtual time; what they do with their shards is written down. */
export interface ShardWorld {
  readonly clock: VirtualClock
  /** the table, as the database has it */
  readonly shards: { owner: string | null; epoch: number }[]
  readonly lease: number
  /** called by each statement, before and after what it does: what it throws is what the process gets */
  fault: (statement: keyof ShardTable | 'taken', when: 'before' | 'after') => unknown
  timeline: number
  /** The database knows of no process any more. */
  forget(): void
  /** A process that looks each second while it runs. */
  start(name: string): Process
}

export interface Process {
  readonly ownership: Ownership
  readonly log: string[]
  /** why its last look failed */
  error: unknown
  /** shards in which handlers are at work, and those in which changes are under way */
  readonly busy: Set<number>
  readonly changing: Set<number>
  /** they have ended */
  rest(shard: number): void
  changed(shard: number): void
  /** It stands still, as after SIGSTOP. */
  stop(): void
  owned(): number
}

export function shardWorld(count = 12): ShardWorld {
  const clock = virtualClock()
  const known = new Map<string, number>() // when they were seen
  const shards = Array.from({ length: count }, () => ({ owner: null as string | null, epoch: 0 }))
  const now = (): number => clock.elapsed()
  const isAlive = (id: string | null): boolean =>
    id !== null && known.has(id) && (known.get(id) as number) + LEASE > now()
  const world: ShardWorld = {
    clock,
    shards,
    lease: LEASE,
    fault: () => {},
    timeline: 1,
    forget: () => known.clear(),
    start,
  }

  const own = (id: string) =>
    shards.flatMap(({ owner, epoch }, shard) => (owner === id ? [{ id: shard, epoch }] : []))

  function tableOf(): ShardTable {
    const run =
      <K extends keyof ShardTable>(name: K, work: ShardTable[K]) =>
      async (...args: never[]): Promise<never> => {
        await Promise.resolve(world.fault(name, 'before'))
        const result = await (work as (...args: never[]) => unknown)(...args)
        await Promise.resolve(world.fault(name, 'after'))
        return result as never
      }
    const table: ShardTable = {
      async prepare() {},
      async enter(id) {
        known.set(id, now())
      },
      async report(id): Promise<Report> {
        const isKnown = isAlive(id)
        if (isKnown) known.set(id, now())
        for (const other of known.keys()) if (!isAlive(other)) known.delete(other)
        const owned = own(id)
        return {
          isKnown,
          processes: [...known.keys()].filter((other) => other !== id).length + 1,
          shards: shards.length,
          free: shards.filter(({ owner }) => !isAlive(owner)).length,
          owned: owned.length,
          epochs: owned.reduce((sum, { epoch }) => sum + epoch, 0),
          timeline: world.timeline,
        }
      },
      async take(id, most) {
        const free = shards.flatMap(({ owner }, shard) => (isAlive(owner) ? [] : [shard])).slice(0, most)
        for (const shard of free) shards[shard] = { owner: id, epoch: (shards[shard]?.epoch ?? 0) + 1 }
        return own(id).filter((each) => free.includes(each.id))
      },
      async raise(id, shard) {
        const row = shards[shard]
        return row?.owner === id ? ++row.epoch : null
      },
      async owned(id) {
        return own(id)
      },
      async release(id, given) {
        for (const shard of given) if (shards[shard]?.owner === id) shards[shard].owner = null
      },
      async leave(id) {
        known.delete(id)
        for (const shard of shards) if (shard.owner === id) shard.owner = null
      },
      async ownerOf() {
        return null
      },
    }
    return Object.fromEntries(
      Object.entries(table).map(([name, work]) => [name, run(name as keyof ShardTable, work)]),
    ) as unknown as ShardTable
  }

  function start(name: string): Process {
    const log: string[] = []
    const busy = new Set<number>()
    const changing = new Set<number>()
    const waiting = new Map<Set<number>, Map<number, () => void>>([
      [busy, new Map()],
      [changing, new Map()],
    ])
    const without = (at: Set<number>, shard: number): Promise<void> =>
      at.has(shard) ? new Promise((resolve) => waiting.get(at)?.set(shard, resolve)) : Promise.resolve()
    const end = (at: Set<number>, shard: number): void => {
      at.delete(shard)
      waiting.get(at)?.get(shard)?.()
    }
    let isStopped = false
    const moving: Moving = {
      async taken(taken) {
        await Promise.resolve(world.fault('taken', 'before'))
        log.push(`takes ${taken.length}`)
      },
      leaving: (shard) => without(busy, shard),
      closing: (shard) => without(changing, shard),
      lost(lost) {
        log.push(`loses ${lost.size}`)
      },
      owned() {},
    }
    const ownership = ownShards(tableOf(), { shards: count, lease: LEASE, scheduler: clock, moving })
    const process: Process = {
      ownership,
      log,
      busy,
      changing,
      error: null,
      rest: (shard) => end(busy, shard),
      changed: (shard) => end(changing, shard),
      stop() {
        isStopped = true
      },
      owned: () => ownership.shards.length,
    }
    const look = (): void => {
      if (isStopped) return
      ownership.look().then(
        () => {
          process.error = null
        },
        (error) => {
          process.error = error
        },
      )
      clock.schedule(look, 1_000)
    }
    log.push(name)
    look()
    return process
  }

  return world
}
