import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { awaitProcess } from '../../examples/processes/await-process.ts'

/** One life of a host, seen from its parent. */
export interface HostProcess {
  readonly isAlive: boolean
  /** resolves when it delivers alarms, or is killed; rejects when it comes to neither */
  readonly ready: Promise<unknown>
  /** lines that it has said so far */
  readonly said: number
  send(command: string): void
  /** SIGKILL: it has no last word. Resolves when it is gone and all that it said was heard. */
  kill(): Promise<void>
}

const program = fileURLToPath(new URL('./host.ts', import.meta.url))
const sources = new URL('../run-sources.mjs', import.meta.url).href

/** `hear` gets each line; `died` is called if it ends by itself, which is a fault. */
export function startHost(
  args: readonly string[],
  { cache, hear, died }: { cache: string; hear(line: string): void; died(how: unknown): void },
): HostProcess {
  const child = spawn(process.execPath, ['--no-warnings', '--import', sources, program, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: cache }, // a life begins in half the time
  })
  const gone = once(child, 'close')
  const { promise: ready, resolve: isReady } = Promise.withResolvers<void>()
  let said = 0
  let isExpected = false
  const lines = createInterface({ input: child.stdout })
  const heard = once(lines, 'close')
  lines.on('line', (line) => {
    said++
    if (line === 'ready') isReady()
    hear(line)
  })
  child.stdin.on('error', () => {}) // it was killed before it read
  child.on('exit', (code, signal) => {
    process.off('exit', leave)
    if (!isExpected) died(signal ?? code)
  })
  const leave = (): void => void child.kill('SIGKILL')
  process.prependListener('exit', leave) // before the files are removed under it

  const started = awaitProcess(child, 'that it delivers', Promise.race([ready, gone]), 120_000)
  started.catch(() => {}) // not every life is waited for

  return {
    ready: started,
    get isAlive() {
      return child.exitCode === null && child.signalCode === null && !isExpected
    },
    get said() {
      return said
    },
    send: (command) => void child.stdin.write(`${command}\n`),
    async kill() {
      isExpected = true
      child.kill('SIGKILL')
      await Promise.all([gone, heard])
    },
  }
}
