import type { AlarmTime } from '../rival.ts'
import type { World } from '../world.ts'

/** One repetition of one scenario. */
export interface Sample {
  readonly intents: number
  /** ns an intent until the caller has handed all of them over */
  readonly handedOver: number
  /** ns an intent until the store and the manager have the last of them */
  readonly drained: number
  readonly writes: number
  readonly commits: number
  /** everything was done when the last call returned */
  readonly inside: boolean
  /** what is wrong with how it ended; empty for right */
  readonly wrong: readonly string[]
}

/**
 * A stopwatch in ns, by the CPU time of this thread: nothing here waits for anything, so on a quiet machine that is the time on the
 * wall, and on a busy one the others' work does not count.
 */
export function startWatch(): () => number {
  const begin = threadTime()
  return () => (threadTime() - begin) * 1000
}

function threadTime(): number {
  process.cpuUsage() // the system brings a thread's time up to date only when it is asked for the process's
  const { user, system } = process.threadCpuUsage()
  return user + system
}

export function judge(world: World, expected: AlarmTime): string[] {
  const wrong: string[] = []
  if (world.stored !== expected) wrong.push('store ends at a wrong time')
  if (world.held !== expected) wrong.push('manager ends at a wrong time')
  if (world.atOnce > 1) wrong.push(`${world.atOnce} writes at once`)
  if (world.late > 0) wrong.push('manager later than the store')
  return wrong
}
