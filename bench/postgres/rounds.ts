import type { Client } from 'pg'
import { digits } from '../table.ts'
import { fill, fireAll } from './backlog.ts'
import { type ContenderId, contenders, ids, ours } from './contenders.ts'
import type { Round } from './figures.ts'
import { measureLateness } from './lateness.ts'
import { layouts, measurePartitions } from './partitions.ts'
import { withPlace } from './places.ts'
import type { Place } from './queue.ts'
import { measureRoom } from './room.ts'
import { untilQuiet } from './server-figures.ts'
import { grouped, measureSets } from './sets.ts'
import type { Sizes } from './sizes.ts'
import { measureTakeOver } from './take-over.ts'

export interface Server {
  readonly connectionString: string
  /** connected to it */
  readonly client: Client
  /** connection strings, for the partitions */
  readonly databases: readonly string[]
}

type Draft = { -readonly [K in keyof Round]: Round[K] } & {
  late: Record<number, Round['late'][number]>
  partitioned: Round['partitioned'][number][]
}

const SLACKS = [1, 4] // how many times as long as expected it may take to set what is to be due
const LEAST = 1_000 // sets a second that are expected where they were not measured

/** One round: each part with all contenders, in turns, beginning with another one each time. */
export async function measureRound(
  nth: number,
  sizes: Sizes,
  { connectionString, client, databases }: Server,
  failed: (id: ContenderId, why: string) => void,
): Promise<Record<ContenderId, Round>> {
  const inTurns = (all: readonly ContenderId[]): ContenderId[] =>
    all.map((_, i) => all[(i + nth) % all.length]!)
  const drafts = Object.fromEntries(
    ids.map((id) => [id, { late: {}, partitioned: [] }]),
  ) as unknown as Record<ContenderId, Draft>
  const perSecond = (id: ContenderId, slack: number): number =>
    (drafts[id].sets?.[grouped] ?? LEAST) / (2 * slack)

  /** Once more, with more time, where it fails. */
  async function measured<T>(
    id: ContenderId,
    what: string,
    measure: (place: Place, slack: number) => Promise<T>,
  ): Promise<T | undefined> {
    let why = ''
    for (const slack of SLACKS) {
      await untilQuiet(client)
      await client.query('CHECKPOINT') // none of them is to pay for what was written before it
      const begin = performance.now()
      try {
        const result = await withPlace(connectionString, (place) => measure(place, slack))
        const seconds = digits((performance.now() - begin) / 1_000)
        console.log(`round ${nth + 1}: ${what}, ${contenders[id].name}: ${seconds} s`)
        return result
      } catch (error) {
        why = `${what}: ${(error as Error).message.replaceAll(/\s+/g, ' ').slice(0, 300)}`
        console.log(`round ${nth + 1}: ${contenders[id].name}, ${why}`)
      }
    }
    failed(id, why)
    return undefined
  }

  for (const id of inTurns(ids)) {
    drafts[id].sets = await measured(id, 'sets', (place) => measureSets(id, place, sizes.share))
    drafts[id].backlog = await measured(id, 'backlog', async (place, slack) => {
      const due = await fill(id, [place], { count: sizes.backlog, perSecond: perSecond(id, slack) })
      return fireAll(id, due, 1, client)
    })
  }
  for (const processes of sizes.processes) {
    // Plain jobs, with a poll each second, are as late with any number of processes.
    for (const id of inTurns(ids.filter((id) => id !== 'plain' || processes === 1))) {
      drafts[id].late[processes] = await measured(id, `late by ${processes}`, (place, slack) =>
        measureLateness(id, place, processes, { seconds: sizes.seconds, slack }),
      )
    }
  }
  if (nth >= sizes.longRounds) return drafts
  for (const id of inTurns(ours)) {
    const { takeOver, lease } = sizes
    drafts[id].takeOver = await measured(id, 'take-over', (place) =>
      measureTakeOver(id, place, takeOver, lease),
    )
  }
  for (const layout of layouts) {
    for (const id of inTurns(ours)) {
      const of = `partitions, ${layout.databases} by ${layout.processes}`
      const one = await measured(id, of, (_, slack) =>
        measurePartitions(id, databases, layout, { count: sizes.partitions, slack }, client),
      )
      drafts[id].partitioned.push(one)
    }
  }
  for (const id of inTurns(ids)) {
    // Its rows are those of the tuned one.
    const fires = id !== 'plain'
    drafts[id].room = await measured(id, 'room', (place, slack) =>
      measureRoom(id, place, { count: sizes.room, perSecond: perSecond(id, slack), fires }, client),
    )
  }
  return drafts
}
