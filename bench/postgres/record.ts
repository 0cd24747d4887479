import { setTimeout as sleep } from 'node:timers/promises'
import { judge, type Record } from './judge.ts'
import type { Lane } from './lanes.ts'

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
