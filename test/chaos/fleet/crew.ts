import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Order } from './fleet-process.ts'

/** The processes of a campaign; for one that ends another one is started, as what looks after processes does. */
export interface Crew {
  /** ids of wishes that were reported as durable */
  readonly acknowledged: readonly string[]
  /** Starts as many as are missing. */
  fill(): void
  kill(): void
  /** One stands still. */
  pause(ms: number): void
  /** One is asked to end; it takes as long as it takes. */
  end(): void
  order(order: Order): void
  stop(): Promise<void>
}

interface Process {
  readonly child: ChildProcess
  isPaused: boolean
  isEnding: boolean
}

const AGAIN = 300 // ms

export function openCrew({
  size,
  environment,
  roll,
  watch,
}: {
  readonly size: number
  readonly environment: Readonly<Record<string, string>>
  /** a whole number below this one */
  readonly roll: (below: number) => number
  readonly watch: (line: string) => void
}): Crew {
  const acknowledged: string[] = []
  const processes = new Set<Process>()
  let names = 0
  let isOver = false

  function start(): void {
    const child = spawn(
      process.execPath,
      ['--import', './test/run-sources.mjs', 'test/chaos/fleet/fleet-process.ts'],
      {
        env: { ...process.env, ...environment, NAME: `p${names++}` },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    )
    let rest = ''
    child.stdout?.on('data', (data) => {
      const lines = (rest + data).split('\n')
      rest = lines.pop() ?? ''
      acknowledged.push(...lines)
    })
    child.stderr?.on('data', (data) => watch(String(data).trim()))
    const own: Process = { child, isPaused: false, isEnding: false }
    processes.add(own)
    child.once('exit', () => {
      processes.delete(own)
      void sleep(AGAIN).then(fill)
    })
  }

  /** To one that is at work, if there is one. */
  function toOne(act: (one: Process) => void): void {
    const active = [...processes].filter(({ isPaused, isEnding }) => !isPaused && !isEnding)
    const one = active[roll(active.length)]
    if (one !== undefined) act(one)
  }

  function end(signal: NodeJS.Signals): void {
    toOne((one) => {
      one.isEnding = true
      one.child.kill(signal)
    })
  }

  function fill(): void {
    const { length } = [...processes].filter(({ isEnding }) => !isEnding)
    for (let i = length; i < size && !isOver; i++) start()
  }

  return {
    acknowledged,
    fill,
    kill: () => end('SIGKILL'),
    pause(ms) {
      toOne((one) => {
        one.isPaused = true
        one.child.kill('SIGSTOP')
        void sleep(ms).then(() => {
          one.child.kill('SIGCONT')
          one.isPaused = false
        })
      })
    },
    end: () => end('SIGTERM'),
    order(order) {
      toOne(({ child }) => child.send(order, () => {})) // it may have ended
    },
    async stop() {
      isOver = true
      const ending = [...processes].map(({ child }) => once(child, 'exit'))
      for (const { child } of processes) child.kill('SIGKILL')
      await Promise.all(ending)
    },
  }
}
