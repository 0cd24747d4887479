import { scheduleJob } from 'node-schedule'
import { type Contender, type Fired, keyOf } from './contender.ts'

/** In memory: a sorted array of jobs, and a timer for the first of them. */
export async function open(_: string, fired: Fired | null): Promise<Contender> {
  return {
    async set(first, times) {
      for (const [i, time] of times.entries()) {
        const job = scheduleJob(keyOf(first + i), new Date(time), () => fired?.(first + i, Date.now()))
        if (job === null) throw new Error(`node-schedule refused ${time}: it was past by then.`)
      }
    },
    async close() {},
  }
}
