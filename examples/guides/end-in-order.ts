/** Ends a process in order: within a time limit, and with exit code 1 where something could not be kept. */
import { once } from 'node:events'

/** Resolves when the process is asked to end: by an orchestrator (SIGTERM) or by Ctrl-C (SIGINT). */
export async function askedToEnd(): Promise<void> {
  await Promise.race(['SIGTERM', 'SIGINT'].map((signal) => once(process, signal)))
}

/** Takes the steps one after the other, the later ones though an earlier one fails. `limit` ms: less than the orchestrator's patience. */
export async function endInOrder(steps: readonly (() => unknown)[], limit = 8_000): Promise<void> {
  const late = setTimeout(() => {
    console.error(`The process has not ended within ${limit} ms.`)
    process.exit(1)
  }, limit)
  for (const step of steps) {
    try {
      await step()
    } catch (error) {
      console.error(error) // ALARM_CLOSE_FAILED names the actors
      process.exitCode = 1
    }
  }
  clearTimeout(late)
}
