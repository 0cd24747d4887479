import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { awaitProcess } from '../examples/processes/await-process.ts'

const ANSWERS = 240_000 // ms for the longest answer: the limit of a phase

/** A workerd on a loopback port. */
export interface Workerd {
  readonly pid: number
  /** Posts JSON, returns JSON. */
  ask(path: string, body: unknown): Promise<unknown>
  close(): Promise<void>
}

/** Runs what a configuration describes, with its disk in a directory. */
export async function serveWorkerd(config: string, directory: string): Promise<Workerd> {
  const binary = createRequire(import.meta.url)('workerd').default as string // a dependency that may be missing
  const server = spawn(binary, ['serve', config, `--directory-path=disk=${directory}`, '--control-fd=3'], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  const leave = (): void => void server.kill('SIGKILL')
  process.on('exit', leave)
  const exit = once(server, 'exit')
  exit.catch(() => {}) // what waits for its port says it
  server.stderr!.pipe(process.stderr, { end: false })
  const port = await awaitProcess(server, 'that it listens', portOf(server.stdio[3] as Readable))
  return {
    pid: server.pid as number,
    async ask(path, body) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWERS),
      })
      if (!response.ok) throw new Error(`workerd answered ${response.status}: ${await response.text()}`)
      return response.json()
    },
    async close() {
      server.kill()
      await awaitProcess(server, 'its end', exit)
      process.off('exit', leave)
    },
  }
}

/** It says on its control channel where it listens. */
async function portOf(control: Readable): Promise<number> {
  for await (const line of createInterface(control)) {
    const event = JSON.parse(line) as { event: string; port?: number }
    if (event.event === 'listen' && event.port !== undefined) return event.port
  }
  throw new Error('workerd ended before it listened.')
}
