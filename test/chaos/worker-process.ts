import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { awaitProcess, lastWords } from '../../examples/processes/await-process.ts'
import type { Plan } from './plan.ts'

/** One life of a worker, seen from its parent. */
export interface WorkerProcess {
  readonly isAlive: boolean
  /** resolves when it delivers alarms, or is killed; rejects when it comes to neither */
  readonly ready: Promise<unknown>
  /** lines that it has said so far */
  readonly said: number
  /** SIGKILL: it has no last word. Resolves when it is gone and all that it said was heard. */
  kill(): Promise<void>
}

const program = fileURLToPath(new URL('./worker.ts', import.meta.url))
const sources = new URL('../run-sources.mjs', import.meta.url).href

/** `hear` gets the words of each line; `died` is called if it ends by itself, which is a fault. */
export function startWorker(
  plan: Plan,
  args: readonly string[],
  { hear, died }: { hear(words: readonly string[]): void; died(how: unknown): void },
): WorkerProcess {
  const child = spawn(
    process.execPath,
    ['--no-warnings', '--import', sources, program, JSON.stringify(plan), ...args],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  )
  const gone = once(child, 'close')
  const { promise: ready, resolve: isReady } = Promise.withResolvers<void>()
  let said = 0
  let isExpected = false
  const lines = createInterface({ input: child.stdout })
  const heard = once(lines, 'close')
  lines.on('line', (line) => {
    said++
    if (line === 'ready') isReady()
    hear(line.split(' '))
  })
  const last = lastWords(child)
  child.stdin.on('error', () => {})
  const leave = (): void => void child.kill('SIGKILL')
  process.on('exit', leave)
  child.on('close', (code, signal) => {
    process.off('exit', leave)
    if (!isExpected) died(`${signal ?? code}: ${last.words}`)
  })

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
    async kill() {
      isExpected = true
      child.kill('SIGKILL')
      await Promise.all([gone, heard])
    },
  }
}
