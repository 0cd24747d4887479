import { firstValueFrom, type SchedulerLike, timer } from 'rxjs'
import { checkChange } from '../../changes/change-errors.ts'
import type { Changes } from '../../changes/changes.ts'
import type { FleetRequest as Request } from '../../fleet/actor-fleet.ts'
import { checkKey } from '../../vocabulary/key.ts'
import type { ChangeWork } from './change.ts'
import { elsewhere } from './fleet-errors.ts'
import { type Forward, forwardTo, wasRefused } from './forward.ts'
import { type Operation, workOf } from './operations.ts'
import type { Ownership } from './own-shards.ts'
import type { ShardTable } from './shard-table.ts'

/** The ways in which a change is asked for: here, from another process, and wherever its actor is owned. */
export interface FleetRequests {
  change<T>(key: string, work: ChangeWork<T>): Promise<T>
  serve(request: Request & { readonly owner?: string }): Promise<unknown>
  call(key: string, operation: string, input?: unknown, options?: { readonly id?: string }): Promise<unknown>
}

interface Parts {
  readonly changes: Changes<ChangeWork<unknown>>
  readonly ownership: Ownership
  readonly table: ShardTable
  readonly schema: string
  readonly operations: Readonly<Record<string, Operation>>
  readonly forward: Forward | undefined
  readonly scheduler: SchedulerLike
  shardOfKey(key: string): number
}

const REST = 50 // ms, doubled with each try

export function fleetRequests({
  changes,
  ownership,
  table,
  schema,
  operations,
  forward,
  scheduler,
  shardOfKey,
}: Parts): FleetRequests {
  const ownerOf = (key: string) => table.ownerOf(shardOfKey(key))

  async function change<T>(key: string, work: ChangeWork<T>): Promise<T> {
    checkChange(work)
    const shard = shardOfKey(checkKey(key))
    if (!ownership.takes(shard)) throw elsewhere(key, (await ownerOf(key))?.address ?? null)
    return changes.change(key, work) as Promise<T>
  }

  return {
    change,
    async serve({ owner, ...request }) {
      if (owner !== undefined && owner !== ownership.process) throw elsewhere(request.key, null)
      return change(request.key, workOf(operations, schema, request))
    },
    async call(key, operation, input = null, { id } = {}) {
      const request: Request = { key: checkKey(key), operation, input, ...(id !== undefined && { id }) }
      const work = workOf(operations, schema, request) // one that has no name here has none there
      try {
        if (forward === undefined || ownership.takes(shardOfKey(key))) return await change(key, work)
      } catch (error) {
        if (forward === undefined || !wasRefused(error)) throw error
      }
      return forwardTo(request, forward, ownerOf, async (tries) => {
        await firstValueFrom(timer(REST * 2 ** tries, scheduler))
      })
    },
  }
}
