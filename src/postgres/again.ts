import { firstValueFrom, type SchedulerLike, timer } from 'rxjs'

const TRIES = 6
const REST = 5 // ms, doubled with each try: at most 310 in all

/**
 * Runs a statement of its own transaction again where the server has rolled it back: for a deadlock with statements that are not ours, or for
 * a stricter isolation than is needed (40P01, 40001).
 */
export async function again<T>(scheduler: SchedulerLike, run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await run()
    } catch (error) {
      const isRolledBack = String((error as { code?: unknown } | null)?.code).startsWith('40')
      if (!isRolledBack || tries === TRIES) throw error
      // Not all at the same moment, or they would meet once more.
      await firstValueFrom(timer(REST * 2 ** tries * Math.random(), scheduler))
    }
  }
}
