import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

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
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  })
  const exit = once(server, 'exit')
  const port = await Promise.race([
    portOf(server.stdio[3] as Readable),
    exit.then(failed),
    once(server, 'error').then(failed),
  ])
  return {
    pid: server.pid as number,
    async ask(path, body) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      })
      if (!response.ok) throw new Error(`workerd answered ${response.status}: ${await response.text()}`)
      return response.json()
    },
    async close() {
      server.kill()
      await exit
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

function failed([reason]: unknown[]): never {
  throw new Error(`workerd ended with ${reason} before it listened.`)
}
