import type { ContenderId } from './contenders.ts'
import { withLanes } from './lanes.ts'
import type { Way } from './orders.ts'
import type { Place } from './queue.ts'

interface NamedWay extends Way {
  readonly name: string
  readonly count: number
  /** the only one that is measured so */
  readonly of?: ContenderId
}

export const ways: readonly NamedWay[] = [
  { name: 'one by one', count: 300 },
  { name: '10 at a time', count: 1_000, callers: 10 },
  { name: '200 at a time', count: 2_000, callers: 200 },
  { name: '1,000 in a call', count: 10_000, inOneCall: 1_000 },
  { name: '1,000 changes at a time', count: 5_000, callers: 1_000, of: 'fleet' },
]
export const oneByOne = 0
export const tenAtATime = 1
export const grouped = 3

const HOUR = 3_600_000
const WARM = 1_000

/** Alarms set a second in each of the ways, by one process; all far away. `null`: it is not measured so. */
export function measureSets(id: ContenderId, place: Place, share: number): Promise<(number | null)[]> {
  return withLanes([{ id, place, mode: 'set' }], async ([lane]) => {
    const start = Date.now() + HOUR
    await lane!.ask('set', { first: 0, step: 1, count: WARM, start, gap: 0 }, { inOneCall: WARM })
    const perSecond: (number | null)[] = []
    let first = WARM
    for (const { of = id, ...way } of ways) {
      if (of !== id) {
        perSecond.push(null)
        continue
      }
      const count = Math.ceil(way.count * share)
      const { begin, end } = await lane!.ask('set', { first, step: 1, count, start, gap: 0 }, way)
      first += count
      perSecond.push(count / ((end - begin) / 1_000))
    }
    return perSecond
  })
}
