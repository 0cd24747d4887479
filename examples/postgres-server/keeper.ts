/**
 * A process beside the one that wants a server: runs it, and ends it and removes its folder when the other has ended, however that ended.
 * Orders are lines of JSON on its input, news are lines of JSON on its output. The end of the input is the last order.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job, News, Order } from './keep.ts'

const { folder, data, user, graces, keeps }: Job = JSON.parse(process.argv[2]!)
let child: ChildProcess | undefined
let gone: Promise<void> = Promise.resolve()
let isGone = true
let isEnding = false
let runs = 0

process.stdout.on('error', () => {}) // its reader has ended
const tell = (news: News): void => void process.stdout.write(`${JSON.stringify(news)}\n`)

function run([command, ...args]: readonly string[]): void {
  // Settings in the environment are meant for other servers.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG')))
  const started = spawn(command!, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, LC_ALL: 'C' },
    ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
  })
  child = started
  const nth = ++runs
  isGone = false
  for (const output of [started.stdout, started.stderr]) {
    output.setEncoding('utf8').on('data', (said: string) => tell({ run: nth, said }))
  }
  gone = new Promise((resolve) => {
    const end = (ended: string): void => {
      if (isGone || child !== started) return
      isGone = true
      resolve()
      tell({ run: nth, ended })
    }
    started.once('error', (error) => end(`could not be started: ${error.message}`))
    started.once('close', (code, signal) =>
      end(signal === null ? `ended with code ${code}` : `ended by ${signal}`),
    )
  })
}

/** PostgreSQL leaves this segment when it is killed. */
function removeSharedMemory(): void {
  try {
    const [, id] = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[6]!.trim().split(/\s+/)
    execFileSync('ipcrm', ['-m', id!], { stdio: 'ignore', timeout: 5_000 })
  } catch {
    // it was removed, or there was none
  }
}

async function end(): Promise<void> {
  if (isEnding) return
  isEnding = true
  for (const [i, signal] of (['SIGINT', 'SIGQUIT', 'SIGKILL'] as const).entries()) {
    if (isGone) break
    child?.kill(signal)
    await Promise.race([gone, sleep(graces[i] ?? 5_000, undefined, { ref: false })])
    if (signal === 'SIGKILL') removeSharedMemory()
  }
  // What the server had started itself is gone a moment later.
  if (!keeps) rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  process.exit()
}

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(signal, end)
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const order: Order = JSON.parse(line)
    if ('run' in order) run(order.run)
    else child?.kill(order.signal)
  })
  .on('close', end)
