import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { keep } from '../../examples/postgres-server/keep.ts'
import { bases } from '../../examples/postgres-server/place.ts'

/** One run of tests, with a temporary folder of its own, so that other runs on this machine are not blamed for what it leaves. */
export interface Run {
  /** what its processes need in their environment */
  readonly env: Readonly<Record<string, string>>
  /** what it has left by now, after a moment for what is on its way out: files, processes and shared memory */
  leftovers(patience: number): Promise<string[]>
  /** SIGKILL to all processes that it has left */
  kill(): void
  /** Removes the folder. It is also removed when this process ends without it, even by SIGKILL. */
  close(): Promise<void>
}

// Node's own, which npm and compilers fill; and Vitest's, which ends with it.
const isTools = (what: string): boolean => /^node-compile-cache$|^vitest-watchdog\b/.test(what)

export function openRun(): Run {
  const outer = bases()
  const own = randomBytes(4).toString('hex')
  const id = `${process.env.NOLATER_RUN ?? ''}${own}` // of the steps of one run the beginning is the same
  const root = join(tmpdir(), `nl-${own}`) // short: it is part of every path that is printed
  mkdirSync(root)
  chmodSync(root, 0o711) // a server that runs as another user has its folder inside
  const keeper = keep({ folder: root, data: root, user: null, keeps: false, graces: [] })

  const processes = (): number[] =>
    processesOf(root).filter((pid) => pid !== keeper.pid && pid !== process.pid && !isTools(commandOf(pid)))
  const look = (): string[] => [
    ...namesIn(root)
      .filter((name) => !isTools(name))
      .map((name) => join(root, name)),
    // Where that folder could not be used, names have the number of the run.
    ...outer.flatMap((base) =>
      namesIn(base)
        .filter((name) => name.includes(id) && join(base, name) !== root)
        .map((name) => join(base, name)),
    ),
    ...processes().map((pid) => `process ${pid}: ${commandOf(pid)}`),
  ]
  return {
    env: { TMPDIR: root, TMP: root, TEMP: root, NOLATER_RUN: id },
    async leftovers(patience) {
      const end = performance.now() + patience
      for (;;) {
        const left = look()
        if (left.length === 0 || performance.now() > end) return left
        await sleep(50)
      }
    },
    kill() {
      for (const pid of processes()) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // it has ended meanwhile
        }
      }
    },
    close: () => keeper.end(),
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // there is none
  }
}

function textOf(pid: number, what: string): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'utf8')
  } catch {
    return '' // another user's, or it has ended
  }
}

const commandOf = (pid: number): string => textOf(pid, 'cmdline').replaceAll('\0', ' ').slice(0, 200)

/** Those that have the folder in their environment or their arguments; none where there is no /proc. */
function processesOf(root: string): number[] {
  return namesIn('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => textOf(pid, 'environ').includes(root) || textOf(pid, 'cmdline').includes(root))
}
