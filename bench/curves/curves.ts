import { drawCurves } from '../draw-curves.ts'
import { keepPicture } from '../results.ts'
import { spreadOf } from '../stats.ts'
import { digits, table } from '../table.ts'
import { type CostId, costs } from './costs.ts'

/** How the cost of something grows with how many there are of it. */
export interface Curve {
  readonly of: CostId
  /** ns of CPU time each, at so many */
  readonly points: readonly (readonly [n: number, ns: number])[]
  /** between the second size and the most, as a power: 1 is linear, 2 is quadratic */
  readonly slope: number
}

/** The largest is that of which a linear cost takes a few seconds. */
const most: Record<CostId, number> = {
  actors: 1_000_000,
  pending: 1_000_000,
  waiters: 100_000,
  listeners: 100_000,
  timers: 10_000,
  events: 100_000,
}
const FEWEST = 100

export async function curves(): Promise<Curve[]> {
  const all: Curve[] = []
  for (const of of Object.keys(costs) as CostId[]) all.push(await measureCurve(of, most[of]))
  console.log(`\n${print(all)}`)
  keepPicture('curves', draw(all))
  return all
}

/** Decades up to `last`, the median of five each, after one that is not counted. */
export async function measureCurve(of: CostId, last: number): Promise<Curve> {
  const points: [number, number][] = []
  await costs[of](FEWEST)
  for (let n = FEWEST; n <= last; n *= 10) {
    const times: number[] = []
    for (let i = 0; i < (n >= 1_000_000 ? 1 : 5); i++) times.push((await costs[of](n)) / n)
    points.push([n, spreadOf(times).median])
  }
  const [[n, ns], [manyN, manyNs]] = [points[1]!, points.at(-1)!]
  return { of, points, slope: 1 + Math.log(manyNs / ns) / Math.log(manyN / n) }
}

function print(all: readonly Curve[]): string {
  const sizes = [...new Set(all.flatMap(({ points }) => points.map(([n]) => n)))].toSorted((a, b) => a - b)
  return table(
    ['ns each, of', ...sizes.map(digits), 'grows by the power'],
    all.map(({ of, points, slope }) => [
      of,
      ...sizes.map((size) => {
        const point = points.find(([n]) => n === size)
        return point === undefined ? '' : digits(point[1])
      }),
      slope.toFixed(2),
    ]),
  )
}

function draw(all: readonly Curve[]): string {
  const curves = all.map(({ of, points }) => ({
    name: of,
    points: points.map(([n, ns]) => [n, ns / 1e3] as const),
  }))
  return drawCurves({ title: 'CPU time each, as there are more of them', x: '', y: 'us', curves })
}
