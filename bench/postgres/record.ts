import { setTimeout as sleep } from 'node:timers/promises'
import type { Lane } from './lanes.ts'
import type { Fires } from './orders.ts'

/** When each of so many actors has fired, and what is wrong with that. */
export interface Record {
  /** ms since the epoch; 0: it never has */
  readonly at: Float64Array
  readonly first: number
  readonly last: number
  readonly wrong: readonly string[]
}

const PATIENCE = 120_000 // ms
const TWICE = 300 // ms within which an alarm that fires twice does so

/** Waits until so many have fired, in all processes together: those that do not are wrong. */
export async function untilFired(lanes: readonly Lane[], count: number, often: number): Promise<void> {
  const end = Date.now() + PATIENCE
  while (Date.now() < end) {
    const counts = await Promise.all(lanes.map((lane) => lane.ask('count')))
    if (counts.reduce((sum, each) => sum + each) >= count) return
    await sleep(often)
  }
}

/** What the actors from 0 on have done until now. */
export async function recordOf(
  lanes: readonly Lane[],
  count: number,
  dueOf: (actor: number) => number,
): Promise<Record> {
  await sleep(TWICE)
  return judge(await Promise.all(lanes.map((lane) => lane.ask('fires'))), count, dueOf)
}

/** What the processes of a contender have done, together. */
export function judge(all: readonly Fires[], count: number, dueOf: (actor: number) => number): Record {
  const at = new Float64Array(count)
  let first = Infinity
  let last = 0
  let twice = 0
  let early = 0
  for (const { actors, ats } of all) {
    actors.forEach((actor, i) => {
      const time = ats[i]!
      if (at[actor]! > 0) twice++
      else at[actor] = time
      if (time < dueOf(actor)) early++
      first = Math.min(first, time)
      last = Math.max(last, time)
    })
  }
  const never = at.filter((time) => time === 0).length
  const told = (n: number, what: string): string[] => (n === 0 ? [] : [`${n} ${what}`])
  const wrong = [...told(never, 'never fired'), ...told(twice, 'fired twice'), ...told(early, 'fired early')]
  return { at, first, last, wrong }
}
