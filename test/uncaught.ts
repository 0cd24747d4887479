import { setImmediate as turn } from 'node:timers/promises'

/** What could not be caught while `work` was done, until timers of 0 ms have run. */
export async function uncaughtDuring(work: () => void): Promise<Error[]> {
  const thrown: Error[] = []
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => thrown.push(error))
  try {
    work()
    await new Promise((resolve) => setTimeout(resolve))
    await turn()
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener)
  }
  return thrown
}
