import { constants } from 'node:os'

const EVERY = 500 // ms

/** Ends this process as SIGTERM does once its parent is gone: npm signals the shell that it runs a script in, and that passes nothing on. */
export function endWithParent(): void {
  const parent = process.ppid
  const look = (): void => {
    if (process.ppid !== parent) process.exit(128 + constants.signals.SIGTERM)
  }
  setInterval(look, EVERY).unref()
}
