import { mkdtempSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'

/** Makes a temporary folder that is removed when this process ends; also by a signal, unless that is SIGKILL. */
export function scratchFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }))
  endBySignals()
  return folder
}

let isListening = false

/** So that `exit` is emitted: by default a signal ends a process without it. */
export function endBySignals(): void {
  if (isListening) return
  isListening = true
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]))
  }
}
