import type { Client } from 'pg'
import { fill, fireAll } from './backlog.ts'
import type { ContenderId } from './contenders.ts'
import { withLanes } from './lanes.ts'
import { withClient, withPlaces } from './places.ts'
import type { Place } from './queue.ts'

export interface Layout {
  readonly databases: number
  readonly processes: number
}

export const layouts: readonly Layout[] = [
  { databases: 1, processes: 1 },
  { databases: 1, processes: 4 },
  { databases: 4, processes: 4 },
]

export interface Partitioned {
  readonly setsPerSecond: number
  readonly firesPerSecond: number
  readonly wrong: readonly string[]
}

const HOUR = 3_600_000
const CALLERS = 1_000 // of all processes together

/** Makes as many databases on a server as a layout has at most. */
export async function makeDatabases(connectionString: string): Promise<string[]> {
  const most = Math.max(...layouts.map(({ databases }) => databases))
  const names = Array.from({ length: most }, (_, i) => `partition_${i}`)
  await withClient(connectionString, async (client) => {
    for (const name of names) await client.query(`CREATE DATABASE ${name}`)
  })
  return names.map((name) => Object.assign(new URL(connectionString), { pathname: `/${name}` }).href)
}

/** Sets, 1,000 at a time, and fires of a backlog, by so many processes over so many databases. */
export async function measurePartitions(
  id: ContenderId,
  all: readonly string[],
  { databases, processes }: Layout,
  { count, slack }: { readonly count: number; readonly slack: number },
  client: Client,
): Promise<Partitioned> {
  const some = all.slice(0, databases)
  const setsPerSecond = await withPlaces(some, (places) => setAll(id, places, processes, count))
  return withPlaces(some, async (places) => {
    const due = await fill(id, places, { count, perSecond: setsPerSecond / slack })
    const { firesPerSecond, wrong } = await fireAll(id, due, processes, client)
    return { setsPerSecond, firesPerSecond, wrong }
  })
}

/** Each by the process that has its place; of a fleet, by any of those. */
function setAll(
  id: ContenderId,
  places: readonly Place[],
  processes: number,
  count: number,
): Promise<number> {
  const inOne = processes / places.length
  const lanes = Array.from({ length: processes }, (_, i) => ({
    id,
    place: places[i % places.length]!,
    mode: 'set' as const,
    processes: inOne,
  }))
  return withLanes(lanes, async (open) => {
    const series = { step: processes, count: count / processes, start: Date.now() + HOUR, gap: 0 }
    const spans = await Promise.all(
      open.map((lane, first) => lane.ask('set', { first, ...series }, { callers: CALLERS / processes })),
    )
    const begin = Math.min(...spans.map((span) => span.begin))
    const end = Math.max(...spans.map((span) => span.end))
    return count / ((end - begin) / 1_000)
  })
}
