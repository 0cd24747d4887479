import { EMPTY, type ObservableInput } from 'rxjs'
import type { FleetConfig } from '../../fleet/fleet-config.ts'
import type { FleetEngine } from '../../fleet/fleet-engine.ts'
import type { LoadedAlarm } from '../../fleet/resident.ts'
import type { ShardWork } from '../../fleet/shard-work.ts'
import type { AlarmTime } from '../../vocabulary/time.ts'
import type { Database } from '../database.ts'
import { groupTurn } from '../group-turn.ts'
import { elsewhere } from './fleet-errors.ts'
import type { FleetRows, RowCommit, RowCommitted } from './fleet-rows.ts'
import type { Ownership } from './own-shards.ts'
import { rowAlarm } from './row-alarm.ts'
import type { ShardTable } from './shard-table.ts'
import type { SharedCommit } from './shared-commit.ts'

/** What a fleet's store is made with. */
interface StoreParts {
  readonly db: Database
  readonly table: ShardTable
  readonly rows: FleetRows
  readonly ownership: Ownership
  readonly work: ShardWork
  /** the transactions that a commit is to be a part of */
  readonly commits: ReadonlyMap<string, SharedCommit<RowCommit>>
  engine(): FleetEngine<string>
  shardOfKey(key: string): number
  announce(dueIn: number | null): void
}

/** The rows are the store and the manager at once: what a commit leaves is what is delivered, so that a write has nothing to do. */
export function fleetStore({
  db,
  table,
  rows,
  ownership,
  work,
  commits,
  engine,
  shardOfKey,
  announce,
}: StoreParts): Pick<FleetConfig, 'load' | 'commit' | 'write' | 'raise' | 'reconcile' | 'wallClock'> {
  const underWay = new Map<string, Promise<unknown>>()
  const doubtful = new Set<number>() // shards in which a commit of ours may still land
  const raising = new Map<number, Promise<void>>()

  const loading = groupTurn(async (all: readonly { readonly id: string }[]) =>
    rows.load(all.map(({ id }) => id)),
  )
  const committing = groupTurn(
    async (all: readonly (RowCommit & { readonly id: string; readonly epoch: number })[]) => {
      const shards = new Map(all.map(({ shard, epoch }) => [shard, { id: shard, epoch }]))
      return rows.commit(db.query, { process: ownership.process, shards: [...shards.values()] }, all)
    },
  )

  /** What was not answered may still land, and the row would be another one than what was loaded: until its shard has another epoch. */
  async function settle(key: string, shard: number): Promise<void> {
    let raised = raising.get(shard)
    if (raised === undefined) {
      raised = raise(key, shard).finally(() => raising.delete(shard))
      raising.set(shard, raised)
    }
    await raised
  }

  async function raise(key: string, shard: number): Promise<void> {
    const { process } = ownership
    const epoch = await table.raise(process, shard)
    if (epoch === null || process !== ownership.process) throw elsewhere(key, null)
    ownership.raised(shard, epoch)
    doubtful.delete(shard)
  }

  async function load(key: string): Promise<LoadedAlarm> {
    await underWay.get(key)?.catch(() => {})
    const shard = shardOfKey(key)
    if (doubtful.has(shard)) await settle(key, shard)
    if (ownership.epochOf(shard) === null) throw elsewhere(key, null)
    return loading.ask({ id: key })
  }

  async function alone(commit: RowCommit): Promise<void> {
    const { key, shard } = commit
    for (;;) {
      const epoch = ownership.epochOf(shard)
      if (epoch === null) throw elsewhere(key, null)
      const { isOwn, dueIn }: RowCommitted = await committing.ask({ ...commit, id: key, epoch })
      if (isOwn) return announce(dueIn)
      if (ownership.epochOf(shard) === epoch) throw elsewhere(key, null)
    }
  }

  async function commit(time: AlarmTime, key: string): Promise<void> {
    const shard = shardOfKey(key)
    const actor = engine().find(key)
    if (actor === null) throw elsewhere(key, null)
    const asked = { ...rowAlarm(actor, time), key, shard }
    const shared = commits.get(key)
    const end = work.begin(shard)
    const committed = shared === undefined ? alone(asked) : shared.ask(key, asked)
    underWay.set(key, committed)
    try {
      await committed
    } catch (error) {
      doubtful.add(shard)
      throw error
    } finally {
      if (underWay.get(key) === committed) underWay.delete(key)
      end()
    }
  }

  return {
    load,
    commit: (time, { key }) => commit(time, key),
    write: (): ObservableInput<never> => EMPTY,
    raise: async (least) => least,
    reconcile: false,
    wallClock: true,
  }
}
