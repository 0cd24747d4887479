import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ServerUser } from './server-user.ts'

/** What a keeper is to do. */
export interface Job {
  /** removed in the end, unless it `keeps` */
  readonly folder: string
  /** the server's own, inside of it */
  readonly data: string
  readonly user: ServerUser | null
  readonly keeps: boolean
  /** ms for an end after SIGINT, after SIGQUIT, after SIGKILL */
  readonly graces: readonly number[]
}

export type Order = { readonly run: readonly string[] } | { readonly signal: NodeJS.Signals }
/** `run`: of which program, counted from 1. What the one before has said last may come when the next one is asked for. */
export type News = { readonly run: number } & ({ readonly said: string } | { readonly ended: string })

/** A server process that cannot outlive this one. */
export interface Kept {
  /** the keeper's own */
  readonly pid: number | undefined
  /** Starts a program; resolves once it has printed this, or, with `null`, has ended with success. Rejects after `limit` ms, at the latest. */
  run(command: readonly string[], printed: string | null, limit: number): Promise<void>
  /** Resolves once the program has ended. */
  signal(signal: NodeJS.Signals, limit: number): Promise<void>
  /** Ends the program and removes the folder. */
  end(): Promise<void>
}

const program = fileURLToPath(new URL('./keeper.ts', import.meta.url))

/** Starts a keeper. It is in a session of its own: what a terminal sends to this process does not reach it. */
export function keep(job: Job): Kept {
  const keeper = spawn(process.execPath, ['--no-warnings', program, JSON.stringify(job)], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let printed = ''
  let runs = 0
  let hear: (news: News) => void = () => {}
  const note = (text: string): void => {
    printed = `${printed}${text}`.slice(-2_000)
  }
  let over: string | null = null
  const gone = new Promise<void>((resolve) => {
    const end = (why: string): void => {
      over = why
      hear({ run: runs, ended: why })
      resolve()
    }
    keeper.once('error', (error) => end(`has no keeper: ${error.message}`))
    keeper.once('exit', (code, signal) => end(`lost its keeper, which ended with ${signal ?? code}`))
  })
  keeper.stdin.on('error', () => {}) // the exit tells
  keeper.stderr.setEncoding('utf8').on('data', note)
  createInterface({ input: keeper.stdout }).on('line', (line) => {
    const news: News = JSON.parse(line)
    if (news.run !== runs) return
    if ('said' in news) note(news.said)
    hear(news)
  })

  /** Gives an order; `judge` says of each piece of news whether its aim is reached. */
  function order(
    given: Order,
    what: string,
    limit: number,
    judge: (news: News) => 'reached' | 'missed' | 'open',
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (how: string | null): void => {
        clearTimeout(patience)
        hear = () => {}
        if (how === null) resolve()
        else reject(new Error(`${what} ${how}. It printed last: ${printed.trim() || '(nothing)'}`))
      }
      const patience = setTimeout(settle, limit, `has not come to it within ${limit} ms`)
      hear = (news) => {
        const verdict = over === null ? judge(news) : 'missed'
        if (verdict !== 'open') settle(verdict === 'reached' ? null : 'ended' in news ? news.ended : 'failed')
      }
      if (over !== null) settle(over)
      else keeper.stdin.write(`${JSON.stringify(given)}\n`)
    })
  }

  return {
    pid: keeper.pid,
    run(command, awaited, limit) {
      printed = ''
      runs++
      const aim = awaited === null ? 'to end with success' : `to print "${awaited}"`
      return order({ run: command }, `${command[0]}, awaited ${aim},`, limit, (news) => {
        if ('said' in news) return awaited !== null && printed.includes(awaited) ? 'reached' : 'open'
        return awaited === null && news.ended === 'ended with code 0' ? 'reached' : 'missed'
      })
    },
    signal: (signal, limit) =>
      order({ signal }, `a server that was sent ${signal}, awaited to end,`, limit, (news) =>
        'ended' in news ? 'reached' : 'open',
      ),
    async end() {
      keeper.stdin.end()
      await gone
    },
  }
}
