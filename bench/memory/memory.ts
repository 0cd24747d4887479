import { fork } from 'node:child_process'
import { once } from 'node:events'
import { totalmem } from 'node:os'
import { awaitProcess } from '../../examples/processes/await-process.ts'
import { drawCurves } from '../draw-curves.ts'
import { keepPicture } from '../results.ts'
import { nameOf, type RivalId, rivalIds } from '../rivals/index.ts'
import { type Spread, spreadOf } from '../stats.ts'
import { digits, table } from '../table.ts'
import type { Activity } from './weigh.ts'

/** What actors of one kind weigh in one process. */
export interface Weight {
  readonly rival: RivalId
  readonly activity: Activity
  readonly actors: number
  /** heap bytes per actor, beyond its key */
  readonly bytes: Spread
  /** of the whole process, its keys included */
  readonly rss: number
}

const SIZES = [10_000, 100_000, 1_000_000]
const LONGEST = 600_000 // ms
/** a heap above a sixth of the machine's memory is not tried */
const LIMIT = totalmem() / 6
/** a heap of a million varies by less than one in a thousand */
const repetitionsOf = (actors: number): number => (actors >= 1_000_000 ? 1 : 3)

export async function memory(): Promise<Weight[]> {
  const weights: Weight[] = []
  for (const activity of ['idle', 'busy'] as const) {
    for (const rival of ['nolater-fleet', ...rivalIds] as RivalId[]) {
      for (const actors of SIZES) {
        const smaller = weights.at(-1)
        if (actors > SIZES[0]! && smaller !== undefined && smaller.bytes.median * actors > LIMIT) continue
        weights.push(await weighOften(rival, activity, actors))
      }
    }
    const ofActivity = weights.filter((weight) => weight.activity === activity)
    console.log(`\n### Heap bytes per ${activity} actor, beyond its key\n\n${print(ofActivity)}`)
    keepPicture(`memory-${activity}`, draw(activity, ofActivity))
  }
  return weights
}

async function weighOften(rival: RivalId, activity: Activity, actors: number): Promise<Weight> {
  const weighed = []
  for (let i = 0; i < repetitionsOf(actors); i++) weighed.push(await weighIn(rival, activity, actors))
  return {
    rival,
    activity,
    actors,
    bytes: spreadOf(weighed.map(({ bytes }) => bytes)),
    rss: spreadOf(weighed.map(({ rss }) => rss)).median,
  }
}

/** Weighs in a process of its own. */
export async function weighIn(
  rival: RivalId,
  activity: Activity,
  actors: number,
): Promise<{ bytes: number; rss: number }> {
  const lane = fork(new URL('./lane.ts', import.meta.url), [rival, activity, String(actors)], {
    execArgv: ['--expose-gc', '--max-old-space-size=8192'],
  })
  const leave = (): void => void lane.kill('SIGKILL')
  process.on('exit', leave)
  const what = `the weight of ${actors} ${activity} actors of ${rival}`
  const weighed = Promise.all([once(lane, 'message'), once(lane, 'exit')])
  const [[weight]] = await awaitProcess(lane, what, weighed, LONGEST)
  process.off('exit', leave)
  return weight
}

/** How the heap grows with the actors. */
function draw(activity: Activity, weights: readonly Weight[]): string {
  const rivals = [...new Set(weights.map(({ rival }) => rival))]
  const curves = rivals.map((rival) => ({
    name: nameOf(rival),
    points: weights
      .filter((weight) => weight.rival === rival)
      .map(({ actors, bytes }) => [actors, (bytes.median * actors) / 1e6] as const),
  }))
  return drawCurves({ title: `Heap of ${activity} actors`, x: 'actors', y: 'MB', curves })
}

export function print(weights: readonly Weight[]): string {
  const rivals = [...new Set(weights.map(({ rival }) => rival))]
  const of = (rival: RivalId, actors: number): Weight | undefined =>
    weights.find((weight) => weight.rival === rival && weight.actors === actors)
  return table(
    ['actors', ...SIZES.map((size) => digits(size)), 'heap of the most', 'RSS of the most'],
    rivals.map((rival) => {
      const most = SIZES.map((size) => of(rival, size)).findLast((weight) => weight !== undefined)!
      return [
        nameOf(rival),
        ...SIZES.map((size) => {
          const weight = of(rival, size)
          return weight === undefined ? 'not tried' : digits(weight.bytes.median)
        }),
        megabytes(most.bytes.median * most.actors),
        megabytes(most.rss),
      ]
    }),
  )
}

function megabytes(bytes: number): string {
  return `${digits(bytes / 1e6)} MB`
}
