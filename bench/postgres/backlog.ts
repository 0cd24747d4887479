import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import type { ContenderId } from './contenders.ts'
import { withLanes } from './lanes.ts'
import { isOver, withClient } from './places.ts'
import type { Place } from './queue.ts'
import { recordOf, untilFired } from './record.ts'
import { type Usage, usageOf, usedSince } from './server-figures.ts'

export interface Backlog {
  /** from the first handler until nothing is left to be done in the database */
  readonly firesPerSecond: number
  /** for each fire */
  readonly used: Usage
  readonly wrong: readonly string[]
}

/** Alarms that all become due at one moment, when what has set them is closed. */
export interface Due {
  readonly places: readonly Place[]
  readonly count: number
  readonly at: number
}

const OFTEN = 20 // ms
const CLOSING = 2_000 // ms

/** What is to become due. */
export interface Filling {
  readonly count: number
  /** how many may be set in a second, at least */
  readonly perSecond: number
  readonly before?: () => Promise<void>
  readonly after?: () => Promise<void>
}

/** Sets them by processes that close then, one for each place. */
export async function fill(
  id: ContenderId,
  places: readonly Place[],
  { count, perSecond, before, after }: Filling,
): Promise<Due> {
  const step = places.length
  const at = await withLanes(
    places.map((place) => ({ id, place, mode: 'set' })),
    async (lanes) => {
      await before?.()
      const start = Math.ceil(Date.now() + CLOSING + 1_000 * (count / perSecond))
      const series = { step, count: count / step, start, gap: 0 }
      await Promise.all(
        lanes.map((lane, first) => lane.ask('set', { first, ...series }, { inOneCall: 1_000 })),
      )
      await after?.()
      return start
    },
  )
  if (Date.now() > at) throw new Error('They became due before what set them was closed.')
  return { places, count, at }
}

/** Fires them by so many processes, which take turns in taking a place. */
export async function fireAll(
  id: ContenderId,
  { places, count, at }: Due,
  processes: number,
  client: Client,
): Promise<Backlog> {
  const before = await usageOf(client)
  const inOne = Math.ceil(processes / places.length)
  const all = Array.from({ length: processes }, (_, i) => places[i % places.length]!)
  const fired = await withLanes(
    all.map((place) => ({ id, place, mode: 'fire', processes: inOne })),
    async (lanes) => {
      await sleep(Math.max(0, at - Date.now()))
      await untilFired(lanes, count, OFTEN)
      await Promise.all(places.map((place) => untilOver(id, place)))
      const over = Date.now()
      return { over, record: await recordOf(lanes, count, () => at) }
    },
  )
  const { over, record } = fired
  return {
    firesPerSecond: count / ((over - record.first) / 1_000),
    used: usedSince(before, await usageOf(client), count),
    wrong: record.wrong,
  }
}

async function untilOver(id: ContenderId, place: Place): Promise<void> {
  await withClient(place.connectionString, async (client) => {
    while (!(await isOver(id, client, place))) await sleep(OFTEN)
  })
}
