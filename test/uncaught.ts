import { setImmediate as turn } from 'node:timers/promises'
import { config } from 'rxjs'
import { afterAll, beforeAll } from 'vitest'
import { reportsOver } from './reports-over.ts'

/** What could not be caught while `work` was done, until RxJS has reported it; also where tests before have silenced RxJS. */
export async function uncaughtDuring(work: () => void): Promise<Error[]> {
  const thrown: Error[] = []
  const listeners = process.listeners('uncaughtException')
  const { onUnhandledError } = config
  config.onUnhandledError = null
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => thrown.push(error))
  try {
    work()
    await reportsOver()
    await turn()
  } finally {
    config.onUnhandledError = onUnhandledError
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener)
  }
  return thrown
}

/** What could not be caught fails none of the tests around: user code that misbehaves on purpose brings it about. */
export function ignoreUncaught(): void {
  const uncaught = (): void => {}
  beforeAll(() => {
    process.on('uncaughtException', uncaught)
    process.on('unhandledRejection', uncaught)
  })
  afterAll(() => {
    process.off('uncaughtException', uncaught)
    process.off('unhandledRejection', uncaught)
  })
}
