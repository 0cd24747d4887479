import { config } from 'rxjs'
import { afterEach, beforeEach } from 'vitest'
import { reportsOver } from './reports-over.ts'

/** Notes for the tests of a file what RxJS reports, which it does from a timer; what is returned waits for that. */
export function reportsOfFile(): () => Promise<readonly string[]> {
  let reported: string[] = []
  beforeEach(() => {
    reported = []
    config.onUnhandledError = (error) => reported.push(error?.code ?? error?.message ?? String(error))
  })
  afterEach(() => {
    config.onUnhandledError = null
  })
  return async () => {
    await reportsOver()
    return reported
  }
}
